//! The directory file of the configuration, which is read but not applied yet.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use isogloss_core::directory::file::File;
use isogloss_core::{Pepper, Peppers};

use crate::bootstrap::blocking::run_blocking;

/// The directory file of the configuration.
pub(crate) struct DirectoryFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Fingerprint of the text, keyed by the pepper in use.
    pub(super) fingerprint: [u8; 32],
    /// Fingerprint keyed by the previous pepper. It identifies the file after a rotation; from then on, the one
    /// of the new pepper does.
    pub(super) previous: Option<[u8; 32]>,
    /// Whether it is already recorded that the directory was unavailable: the import is tried repeatedly.
    pub(super) refusal_recorded: AtomicBool,
}

impl DirectoryFile {
    /// Reads the file that `directory.import` names on a thread of its own, because reading may block without a
    /// limit. Returns `None` if the setting is empty. Fails if the file cannot be read or is invalid, or the thread
    /// cannot be started.
    pub(crate) async fn load(path: &Path, peppers: &Peppers) -> Result<Option<Self>> {
        let (path, peppers) = (path.to_owned(), peppers.clone());
        run_blocking(move || Self::read(&path, &peppers)).await?
    }

    /// Reads the file that `directory.import` names. Returns `None` if the setting is empty. Fails if the file
    /// cannot be read or is invalid, whether the directory is available or not.
    pub(super) fn read(path: &Path, peppers: &Peppers) -> Result<Option<Self>> {
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
            refusal_recorded: AtomicBool::new(false),
        }))
    }
}
