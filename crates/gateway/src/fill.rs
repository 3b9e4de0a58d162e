//! What is done to the directory at the start: the directory file is applied, the demo's passwords
//! are looked for. If the directory cannot be used, both wait for it, and logins are "unavailable".

mod gate;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use anyhow::{Context as _, Result};
use isogloss_core::audit::{Actor, Audit, Event, Kind};
use isogloss_core::directory::file::{File, FileError, Import};
use isogloss_core::directory::{Directory, Precedence};
use isogloss_core::{Clock as _, Passwords, Pepper, Peppers, SystemClock};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{error, info, warn};

use self::gate::Gate;
use crate::aside::aside;
use crate::parts::Opened;
use crate::{demo, dialects, look_alikes};

/// Between two attempts, while the directory cannot be used.
const PAUSE: Duration = Duration::from_millis(500);

/// What is to be done, and with what.
pub(crate) struct Filling {
    directory: Arc<dyn Directory>,
    passwords: Passwords,
    /// Held while it is applied.
    file: Mutex<Option<DirectoryFile>>,
    audit: Audit,
}

/// The directory file of the configuration.
pub(crate) struct DirectoryFile {
    path: PathBuf,
    text: String,
    /// Keyed by the pepper in use.
    fingerprint: [u8; 32],
    /// Keyed by the one before: the file is known over a rotation, and known by the new one from then on.
    previous: Option<[u8; 32]>,
}

impl DirectoryFile {
    /// As [`read`](Self::read), on a thread of its own.
    pub(crate) async fn read_aside(path: &Path, peppers: &Peppers) -> Result<Option<Self>> {
        let (path, peppers) = (path.to_owned(), peppers.clone());
        aside(move || Self::read(&path, &peppers)).await?
    }

    /// Reads `directory.import`, if it names a file. A file that makes no sense in itself is refused
    /// here, whether the directory is there or not.
    fn read(path: &Path, peppers: &Peppers) -> Result<Option<Self>> {
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let text = fs::read_to_string(path)
            .with_context(|| format!("directory.import: cannot read {}", path.display()))?;
        File::parse(path, &text).context("directory.import")?;
        let fingerprint = |pepper: &Pepper| pepper.fingerprint(text.as_bytes());
        Ok(Some(Self {
            path: path.to_owned(),
            fingerprint: fingerprint(&peppers.current),
            previous: peppers.previous.as_ref().map(fingerprint),
            text,
        }))
    }
}

/// What is still being done. Ends early only if it cannot be done at all.
pub(crate) type Rest = JoinHandle<Result<()>>;

impl Filling {
    /// Reads the directory file of the configuration, if there is one.
    pub(crate) async fn new(opened: &Opened, import: &Path, audit: &Audit) -> Result<Self> {
        let file = DirectoryFile::read_aside(import, &opened.peppers).await?;
        Ok(Self {
            directory: opened.directory.clone(),
            passwords: opened.passwords.clone(),
            file: Mutex::new(file),
            audit: audit.clone(),
        })
    }

    /// Does it all, or, if the directory cannot be asked, goes on trying beside what follows. Gives the
    /// directory to work with.
    pub(crate) async fn start(self: Arc<Self>) -> Result<(Arc<dyn Directory>, Rest)> {
        let directory = self.directory.clone();
        let outcome = match self.attempt().await {
            Err(FileError::Unavailable(_)) => self.second_attempt().await,
            outcome => outcome,
        };
        match outcome {
            Ok(()) => Ok((directory, rt::spawn(async { Ok(()) }))),
            Err(FileError::Unavailable(_)) if let Err(reason) = directory.ping().await => {
                let reason = reason.to_string();
                warn_of_unusable(&reason);
                if self.file.lock().await.is_none() {
                    return Ok((directory, rt::spawn(self.wait(reason, None))));
                }
                let gate = Arc::new(Gate::before(directory));
                Ok((gate.clone(), rt::spawn(self.wait(reason, Some(gate)))))
            }
            Err(error) => Err(error).context("directory.import"),
        }
    }

    /// Another gateway may have applied the same file at the same moment.
    async fn second_attempt(&self) -> Result<(), FileError> {
        self.directory.ping().await?;
        self.attempt().await
    }

    /// Applies another file, or another version of it, in place of the one that was read at the start. If
    /// it cannot be applied, the one before it stays.
    pub(crate) async fn replace_file(&self, file: Option<DirectoryFile>) -> Result<()> {
        let mut current = self.file.lock().await;
        if let Some(file) = &file
            && current.as_ref().map(|file| file.fingerprint) != Some(file.fingerprint)
        {
            let applied = self.apply_where_writable(file).await;
            applied.context("directory.import")?;
        }
        *current = file;
        Ok(())
    }

    /// Tries until it is done. A reason other than the one before is logged: a server that was unreachable
    /// may have tables that this gateway may not change.
    async fn wait(self: Arc<Self>, mut reason: String, gate: Option<Arc<Gate>>) -> Result<()> {
        loop {
            sleep(PAUSE).await;
            match self.attempt().await {
                Ok(()) => {
                    info!("the directory can be used");
                    if let Some(gate) = gate {
                        gate.open();
                    }
                    return Ok(());
                }
                Err(FileError::Unavailable(error)) => {
                    let now = error.to_string();
                    if now != reason {
                        warn_of_unusable(&now);
                        reason = now;
                    }
                }
                Err(error) => return Err(error).context("directory.import"),
            }
        }
    }

    async fn attempt(&self) -> Result<(), FileError> {
        self.directory.ping().await?;
        if let Some(file) = self.file.lock().await.as_ref() {
            self.apply_where_writable(file).await?;
        }
        demo::warn_of_demo_passwords(self.directory.as_ref(), &self.passwords).await;
        look_alikes::warn(self.directory.as_ref()).await;
        Ok(())
    }

    /// Applies the file, but leaves that to another gateway where nothing can be written.
    async fn apply_where_writable(&self, file: &DirectoryFile) -> Result<(), FileError> {
        match self.apply(file).await {
            Err(FileError::Unavailable(error)) if error.is_read_only() => {
                warn!(
                    file = %file.path.display(),
                    %error,
                    "the directory file is not applied here: a gateway that can write applies it"
                );
                Ok(())
            }
            applied => applied,
        }
    }

    /// Applies the file, unless this version of it was the last one that was applied. That saves time and
    /// no more: what was set here since stays in any case.
    async fn apply(&self, file: &DirectoryFile) -> Result<(), FileError> {
        let directory = self.directory.as_ref();
        if directory.was_imported(&file.fingerprint).await? {
            return Ok(());
        }
        if let Some(previous) = &file.previous
            && directory.was_imported(previous).await?
        {
            return match directory.note_import(&file.fingerprint).await {
                Err(error) if !error.is_read_only() => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let keys = directory.digest_keys().await?;
        if keys.iter().any(|key| !key.is_readable) {
            error!(
                file = %file.path.display(),
                "the directory file is not applied: no pepper of the configuration opens a digest key \
                 of the directory; see docs/operations.md"
            );
            return Ok(());
        }
        let parsed = File::parse(&file.path, &file.text)?;
        let parsed = parsed.with_public_realms(&dialects::public_key_realms());
        let guessable = parsed.guessable();
        let import = Import {
            directory,
            passwords: &self.passwords,
            precedence: Precedence::AT_START,
        };
        let applied = import.apply(parsed, |_| {}).await?;
        directory.note_import(&file.fingerprint).await?;
        self.audit.record(Event {
            target: Some(file.path.display().to_string()),
            count: Some(applied.created + applied.updated),
            actor: Some(Actor::Configuration),
            ..Event::new(Kind::ImportDirectory, SystemClock.now())
        });
        info!(
            file = %file.path.display(),
            created = applied.created,
            updated = applied.updated,
            unchanged = applied.unchanged,
            kept = applied.kept.len(),
            erased = applied.erased.len(),
            "applied the directory file"
        );
        if !guessable.is_empty() {
            let entries = guessable.join(", ");
            warn!(
                entries,
                "the directory file has cards or keys that can be guessed"
            );
        }
        Ok(())
    }
}

fn warn_of_unusable(reason: &str) {
    warn!(
        reason,
        "the directory cannot be used: logins are unavailable until it can, trying again"
    );
}
