//! What is done to the directory at the start: the directory file is applied, the demo's passwords
//! are looked for. If the directory is away, both wait for it, and logins are "unavailable".

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::rt;
use anyhow::{Context as _, Result};
use isogloss_core::directory::Directory;
use isogloss_core::directory::file::{File, FileError, import};
use isogloss_core::{Passwords, Pepper};
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::demo;

/// Between two attempts, while the directory is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the directory is as the configuration wants it.
#[derive(Clone, Default)]
pub(crate) struct Filled(Arc<AtomicBool>);

impl Filled {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is to be done, and with what.
pub(crate) struct Filling {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) passwords: Passwords,
    pub(crate) file: Option<DirectoryFile>,
}

/// The directory file of the configuration.
pub(crate) struct DirectoryFile {
    path: PathBuf,
    text: String,
    fingerprint: [u8; 32],
}

impl DirectoryFile {
    /// Reads `directory.import`, if it names a file. A file that makes no sense in itself is refused
    /// here, whether the directory is there or not.
    pub(crate) fn read(path: &Path, pepper: &Pepper) -> Result<Option<Self>> {
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let text = fs::read_to_string(path)
            .with_context(|| format!("directory.import: cannot read {}", path.display()))?;
        File::parse(path, &text).context("directory.import")?;
        Ok(Some(Self {
            path: path.to_owned(),
            fingerprint: pepper.fingerprint(text.as_bytes()),
            text,
        }))
    }
}

impl Filling {
    /// Does it all, or, if the directory cannot be asked, goes on trying beside what follows.
    pub(crate) async fn start(self) -> Result<Filled> {
        let filled = Filled::default();
        let mut attempt = self.attempt().await;
        if let Err(FileError::Unavailable(reason)) = &attempt {
            if let Err(reason) = self.directory.ping().await {
                warn!(%reason, "the directory is away: serving, and waiting for it");
                rt::spawn(self.wait(filled.clone()));
                return Ok(filled);
            }
            // Another gateway may have applied the same file at the same moment.
            info!(%reason, "the directory file could not be applied, trying once more");
            attempt = self.attempt().await;
        }
        attempt.context("directory.import")?;
        filled.0.store(true, Ordering::Relaxed);
        Ok(filled)
    }

    async fn wait(self, filled: Filled) {
        loop {
            sleep(PAUSE).await;
            match self.attempt().await {
                Ok(()) => {
                    info!("the directory is there");
                    filled.0.store(true, Ordering::Relaxed);
                    return;
                }
                Err(FileError::Unavailable(_)) => {}
                Err(reason) => {
                    error!(%reason, "the directory file was not applied; correct it, then restart");
                    return;
                }
            }
        }
    }

    async fn attempt(&self) -> Result<(), FileError> {
        self.directory.ping().await?;
        if let Some(file) = &self.file {
            self.apply(file).await?;
        }
        demo::warn_of_demo_passwords(self.directory.as_ref(), &self.passwords).await;
        Ok(())
    }

    /// Applies the file, unless this version of it was applied before: what was changed since by
    /// other means stays.
    async fn apply(&self, file: &DirectoryFile) -> Result<(), FileError> {
        let directory = self.directory.as_ref();
        if directory.was_imported(&file.fingerprint).await? {
            return Ok(());
        }
        let parsed = File::parse(&file.path, &file.text)?;
        let applied = import(directory, &self.passwords, parsed, |_| {}).await?;
        directory.note_import(&file.fingerprint).await?;
        info!(
            file = %file.path.display(),
            created = applied.created,
            updated = applied.updated,
            unchanged = applied.unchanged,
            "applied the directory file"
        );
        Ok(())
    }
}
