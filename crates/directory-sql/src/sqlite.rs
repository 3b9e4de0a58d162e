//! The directory in SQLite: one file, no server, several processes.

mod api_keys;
mod app_passwords;
mod audit;
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
mod read;
mod rights;
mod snapshot;
pub(super) mod tables;
mod transaction;
mod usage;
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
    near: Option<Kept>,
    digests: DigestKeys,
}

/// What is kept, and what keeps the file open meanwhile.
struct Kept {
    rows: NearRows,
    /// None once the directory is closed.
    open: Mutex<Option<SqliteConnection>>,
}

impl SqliteDirectory {
    /// Opens the file, makes it if it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private_file(path).map_err(failed)?;
        Self::open_existing(path).await
    }

    /// Opens a file that must be there, and brings its tables up to date.
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

    /// Returns the steps that the tables of a file lack. Nothing is changed, and no file is made.
    pub async fn outstanding(path: &Path) -> Result<Outstanding, MigrationError> {
        tables::outstanding_in(path).await
    }

    /// Makes the file if it is missing, brings its tables up to date, and returns the steps that were
    /// outstanding.
    pub async fn migrate(path: &Path) -> Result<Outstanding, MigrationError> {
        create_private_file(path).map_err(|error| MigrationError::Failed(error.to_string()))?;
        let (pool, outstanding) = tables::connect(&tables::options(path)).await?;
        pool.close().await;
        Ok(outstanding)
    }

    /// Stores the digests of cards and keys under a digest key of the directory.
    #[must_use]
    pub fn digesting(mut self, digests: DigestKeys) -> Self {
        self.digests = digests;
        self
    }

    /// Keeps so many users after they were looked up, for as long as nobody changes the file.
    pub async fn with_near_cache(mut self, users: NonZeroUsize) -> Result<Self, StoreError> {
        let opened = async {
            let mut open = self.options.connect().await.map_err(failed)?;
            // Only who has read from the file counts as one who has it open.
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
                self.near = Some(Kept { rows, open });
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
