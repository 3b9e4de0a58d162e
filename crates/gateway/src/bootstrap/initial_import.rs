//! Initial import: applies the directory file at the start, and looks for the demo's passwords.
//!
//! If the directory cannot be used, both wait for it, and logins are "unavailable".

mod file;

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use anyhow::{Context as _, Result};
use isogloss_core::audit::{Audit, Event, EventActor, EventKind, RefusalReason};
use isogloss_core::directory::file::{File, FileError, Import};
use isogloss_core::directory::{Applied, Directory, Precedence};
use isogloss_core::{Clock as _, StoreError, SystemClock};
use isogloss_password::Passwords;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::sleep;
use tracing::{error, info, warn};

pub(crate) use self::file::DirectoryFile;
use super::components::Components;
use super::open_stores::{OpenResource, close_on_exit};
use super::pending_directory::PendingDirectory;
use super::{demo_credentials, look_alikes};
use crate::dialects;

/// Pause between two attempts while the directory cannot be used.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// The import of the directory file. Cheap to clone; clones share the file.
#[derive(Clone)]
pub(crate) struct InitialImport {
    directory: Arc<dyn Directory>,
    passwords: Passwords,
    /// Locked while the file is applied.
    file: Arc<Mutex<Option<DirectoryFile>>>,
    audit: Audit,
    is_closed: Arc<AtomicBool>,
}

/// The rest of the initial import. Fails only if the import can never succeed.
pub(crate) type ImportTask = JoinHandle<Result<()>>;

impl InitialImport {
    /// Reads the directory file of the configuration, if there is one, and registers the import to be closed on
    /// exit. Fails if the file cannot be read or parsed.
    pub(crate) async fn new(opened: &Components, import: &Path, audit: &Audit) -> Result<Self> {
        let file = DirectoryFile::load(import, &opened.peppers).await?;
        let import = Self {
            directory: opened.directory.clone(),
            passwords: opened.passwords.clone(),
            file: Arc::new(Mutex::new(file)),
            audit: audit.clone(),
            is_closed: Arc::default(),
        };
        close_on_exit(OpenResource::InitialImport(import.clone()));
        Ok(import)
    }

    /// Runs the initial import. Returns the directory that the gateway must use, and a task that continues to
    /// try if the directory is unavailable. Fails if the directory file can never be applied.
    pub(crate) async fn start(self: Arc<Self>) -> Result<(Arc<dyn Directory>, ImportTask)> {
        let directory = self.directory.clone();
        let outcome = match self.attempt().await {
            Err(FileError::Unavailable(_)) => self.second_attempt().await,
            outcome => outcome,
        };
        match outcome {
            Ok(()) => Ok((directory, rt::spawn(async { Ok(()) }))),
            Err(FileError::Unavailable(_)) if let Err(reason) = directory.ping().await => {
                let reason = reason.to_string();
                warn_of_unavailable_directory(&reason);
                if self.file.lock().await.is_none() {
                    return Ok((directory, rt::spawn(self.retry_until_applied(reason, None))));
                }
                let pending_directory = Arc::new(PendingDirectory::new(directory));
                Ok((
                    pending_directory.clone(),
                    rt::spawn(self.retry_until_applied(reason, Some(pending_directory))),
                ))
            }
            Err(error) => Err(error).context("directory.import"),
        }
    }

    /// Repeats the import once: a concurrent import of the same file by another gateway can make the first one fail.
    /// Fails with `Unavailable` if the directory does not respond, and with another error if the file cannot be
    /// applied.
    async fn second_attempt(&self) -> Result<(), FileError> {
        self.directory.ping().await?;
        self.attempt().await
    }

    /// Applies a new version of the directory file, or another file, and makes it the current one; `None` means that
    /// there is no directory file from now on. Fails if the directory is unavailable or the file cannot be applied;
    /// the previous file stays the current one then. Never completes once the import is closed.
    pub(crate) async fn replace_file(&self, file: Option<DirectoryFile>) -> Result<()> {
        let replaced = self.run_uncancelled(|import, mut current| async move {
            if let Some(file) = &file
                && current.as_ref().map(|file| file.fingerprint) != Some(file.fingerprint)
            {
                import.apply_where_writable(file).await?;
            }
            *current = file;
            Ok(())
        });
        replaced.await.context("directory.import")
    }

    /// Locks the file and runs `work` on it, to the end even if the caller is dropped, so that a change of the
    /// directory is always recorded. Returns the result of `work`, or `Unavailable` if it panics. Never
    /// completes once the import is closed.
    async fn run_uncancelled<F>(
        &self,
        work: impl FnOnce(Self, OwnedMutexGuard<Option<DirectoryFile>>) -> F,
    ) -> Result<(), FileError>
    where
        F: Future<Output = Result<(), FileError>> + Send + 'static,
    {
        let file = self.file.clone().lock_owned().await;
        if self.is_closed.load(Ordering::Relaxed) {
            drop(file);
            return pending().await;
        }
        let done = tokio::spawn(work(self.clone(), file)).await;
        done.unwrap_or_else(|error| Err(StoreError::new("directory file", error).into()))
    }

    /// Waits until a running import has been applied and recorded. No file is applied after that.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        drop(self.file.lock().await);
    }

    /// Repeats the import until it succeeds, and then makes `pending_directory` ready. Logs each reason that
    /// differs from the previous one: a server that was unreachable may then have tables that this gateway must
    /// not change. Fails if the import can never succeed.
    async fn retry_until_applied(
        self: Arc<Self>,
        mut reason: String,
        pending_directory: Option<Arc<PendingDirectory>>,
    ) -> Result<()> {
        loop {
            sleep(RETRY_INTERVAL).await;
            match self.attempt().await {
                Ok(()) => {
                    info!("the directory can be used");
                    if let Some(pending_directory) = pending_directory {
                        pending_directory.set_ready();
                    }
                    return Ok(());
                }
                Err(FileError::Unavailable(error)) => {
                    let now = error.to_string();
                    if now != reason {
                        warn_of_unavailable_directory(&now);
                        reason = now;
                    }
                }
                Err(error) => return Err(error).context("directory.import"),
            }
        }
    }

    /// Applies the file if there is one, and logs demo passwords and look-alikes. Fails with `Unavailable` if
    /// the directory does not respond, and with another error if the file cannot be applied.
    async fn attempt(&self) -> Result<(), FileError> {
        self.directory.ping().await?;
        let applied = self.run_uncancelled(|import, file| async move {
            match file.as_ref() {
                Some(file) => import.apply_where_writable(file).await,
                None => Ok(()),
            }
        });
        applied.await?;
        demo_credentials::warn_of_demo_passwords(self.directory.as_ref(), &self.passwords).await;
        look_alikes::warn(self.directory.as_ref()).await;
        Ok(())
    }

    /// Applies the file. If the directory is read-only here, logs a warning instead: a gateway that can write
    /// applies the file. Fails if the directory is unavailable or the file is invalid.
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

    /// Applies the file, unless this version of it was the last one that was applied. That check only saves time:
    /// values that were set at the gateway since then stay in any case. If no pepper decrypts a digest key of the
    /// directory, logs an error instead. Fails if the directory is unavailable or the file is invalid.
    async fn apply(&self, file: &DirectoryFile) -> Result<(), FileError> {
        let directory = self.directory.as_ref();
        if directory.was_imported(&file.fingerprint).await? {
            return Ok(());
        }
        if let Some(previous) = &file.previous
            && directory.was_imported(previous).await?
        {
            return match directory.record_import(&file.fingerprint).await {
                Err(error) if !error.is_read_only() => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let keys = directory.digest_keys().await?;
        if keys.iter().any(|key| !key.is_readable) {
            error!(
                file = %file.path.display(),
                "the directory file is not applied: no pepper of the configuration opens a digest key \
                 of the directory; see docs/pepper.md"
            );
            return Ok(());
        }
        let parsed = File::parse(&file.path, &file.text)?;
        let parsed = parsed
            .with_public_realms(&dialects::public_key_realms())
            .with_dialects(dialects::names());
        let guessable = parsed.guessable();
        let import = Import {
            directory,
            passwords: &self.passwords,
            precedence: Precedence::AT_START,
        };
        let applied = import.apply(parsed, |_| {}).await;
        self.record(file, &applied);
        let applied = applied?;
        directory.record_import(&file.fingerprint).await?;
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

    /// Records an import in the audit log if it was made, or if it is unknown whether it was made because the
    /// directory's response may be lost.
    fn record(&self, file: &DirectoryFile, applied: &Result<Applied, FileError>) {
        let event = Event {
            target: Some(file.path.display().to_string()),
            actor: Some(EventActor::Configuration),
            ..Event::new(EventKind::ImportDirectory, SystemClock.now())
        };
        match applied {
            Ok(applied) => self.audit.record(Event {
                count: Some(applied.created + applied.updated),
                ..event
            }),
            Err(FileError::Unavailable(error))
                if !error.is_read_only()
                    && !file.refusal_recorded.swap(true, Ordering::Relaxed) =>
            {
                self.audit.record(event.refused(RefusalReason::Unavailable));
            }
            Err(_) => {}
        }
    }
}

fn warn_of_unavailable_directory(reason: &str) {
    warn!(
        reason,
        "the directory cannot be used and logins are unavailable, will retry"
    );
}

#[cfg(test)]
mod tests;
