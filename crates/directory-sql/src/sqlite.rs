//! The directory in SQLite: one file without a server, shared by several processes.

mod api_keys;
mod app_passwords;
mod audit;
pub(crate) mod audit_search;
mod authority_links;
mod backup;
mod belongings;
mod change;
mod close;
pub(super) mod connections;
mod digest_keys;
mod directory;
mod enrolments;
mod erasure;
mod health;
mod imports;
mod looks;
mod near_cache;
mod passwords;
mod present;
pub(crate) mod read;
mod refusals;
mod rights;
mod signing_keys;
mod snapshot;
mod synchronisations;
pub(super) mod tables;
mod transaction;
mod usage;
mod usage_days;
mod user_records;
pub(crate) mod user_search;
mod user_uses;
mod write;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};

use isogloss_core::directory::{DigestKeys, MigrationError, Outstanding};
use isogloss_core::{StoreError, SystemClock, create_private_file};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, query};

use self::connections::Connections;
use self::near_cache::NearRows;

/// A directory in a SQLite file.
pub struct SqliteDirectory {
    pub(super) pool: Connections,
    options: SqliteConnectOptions,
    near: Option<FileNearCache>,
    digests: DigestKeys,
}

/// The near cache, and the connection that keeps the file open for it.
struct FileNearCache {
    rows: NearRows,
    /// `None` once the directory is closed.
    open: Mutex<Option<SqliteConnection>>,
}

impl SqliteDirectory {
    /// Opens the file, creates it if it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// If the file cannot be created, opened or migrated, or if its tables are from a newer release or another
    /// program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private_file(path).map_err(failed)?;
        Self::open_existing(path).await
    }

    /// Opens an existing file, and brings its tables up to date.
    ///
    /// # Errors
    /// If the file does not exist, if it cannot be opened or migrated, or if its tables are from a newer release or
    /// another program.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let options = tables::options(path);
        let (pool, _) = tables::connect(&options).await.map_err(failed)?;
        Ok(Self {
            pool,
            options,
            near: None,
            digests: DigestKeys::without_pepper(Arc::new(SystemClock)),
        })
    }

    /// Returns the migrations that the tables of a file lack, without changing or creating the file.
    ///
    /// # Errors
    /// If the file cannot be read, or if its tables are from a newer release or another program.
    pub async fn outstanding(path: &Path) -> Result<Outstanding, MigrationError> {
        tables::outstanding_in(path).await
    }

    /// Creates the file if it is missing, brings its tables up to date, and returns the migrations that were missing.
    ///
    /// # Errors
    /// If the file cannot be created, opened or migrated, or if its tables are from a newer release or another
    /// program.
    pub async fn migrate(path: &Path) -> Result<Outstanding, MigrationError> {
        create_private_file(path).map_err(|error| MigrationError::Failed(error.to_string()))?;
        let (pool, outstanding) = tables::connect(&tables::options(path)).await?;
        pool.close().await;
        Ok(outstanding)
    }

    /// Returns the directory with the digest keys under which it stores the digests of cards and application keys.
    #[must_use]
    pub fn with_digest_keys(mut self, digests: DigestKeys) -> Self {
        self.digests = digests;
        self
    }

    /// Enables a near cache of up to `users` users, which is valid as long as the file does not change.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn with_near_cache(mut self, users: NonZeroUsize) -> Result<Self, StoreError> {
        let opened = async {
            let mut open = self.options.connect().await.map_err(failed)?;
            // A connection keeps the `-shm` file open only after it has read from the database.
            query("SELECT 1 FROM users LIMIT 1")
                .execute(&mut open)
                .await
                .map_err(failed)?;
            let rows = NearRows::beside(self.options.get_filename(), users).map_err(failed)?;
            Ok((open, rows))
        };
        match opened.await {
            Ok((open, rows)) => {
                let open = Mutex::new(Some(open));
                self.near = Some(FileNearCache { rows, open });
                Ok(self)
            }
            Err(error) => {
                self.pool.close().await;
                Err(error)
            }
        }
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("sqlite directory", error)
}
