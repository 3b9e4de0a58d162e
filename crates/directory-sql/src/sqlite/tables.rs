//! Opens a file, and brings its tables up to date.

use std::path::Path;
use std::time::{Duration, Instant};

use isogloss_core::backend::directory::AppliedStep;
use isogloss_core::directory::{MigrationError, Obstacle, Outstanding};
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Error, SqliteConnection, query_as, query_scalar};
use tokio::time::sleep;
use tracing::debug;

use super::connections::{Connections, is_reusable};
use super::{looks, rights};
use crate::migrations::{known, migrator};

/// The maximum number of concurrent readers. SQLite allows one writer at a time in any case.
const CONNECTIONS: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before trying again a file that another process is creating.
const BUSY: Duration = Duration::from_millis(20);
const SQLITE_BUSY: u32 = 5;
const SQLITE_READONLY: u32 = 8;
const SQLITE_CANTOPEN: u32 = 14;

/// Returns the options for opening an existing file.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(TIMEOUT)
}

/// Why a file could not be opened.
enum Fault {
    Sql(Error),
    Tables(MigrationError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<MigrationError> for Fault {
    fn from(error: MigrationError) -> Self {
        Self::Tables(error)
    }
}

/// Opens an existing file, brings its tables up to date, and returns its connections and the migrations that were
/// missing. Fails if it cannot be opened or migrated.
pub(super) async fn connect(
    options: &SqliteConnectOptions,
) -> Result<(Connections, Outstanding), MigrationError> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match attempt(options.clone()).await {
            Ok(open) => return Ok(open),
            Err(Fault::Sql(error)) if is_busy(&error) && Instant::now() < deadline => {
                sleep(BUSY).await;
            }
            Err(Fault::Sql(error)) => return Err(failed(&error, options.get_filename())),
            Err(Fault::Tables(error)) => return Err(error),
        }
    }
}

async fn attempt(options: SqliteConnectOptions) -> Result<(Connections, Outstanding), Fault> {
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(TIMEOUT)
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        // An idle thread of a connection does not end, so there is nothing to test.
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    let pool = Connections::new(pool);
    match bring_up_to_date(&pool).await {
        Ok(due) => Ok((pool, due)),
        Err(fault) => {
            pool.close().await;
            Err(fault)
        }
    }
}

/// Applies the migrations that the tables lack, and returns them. Fails if one of them fails, or if the tables are
/// from a newer release or another program.
async fn bring_up_to_date(pool: &Connections) -> Result<Outstanding, Fault> {
    let mut connection = pool.acquire().await?;
    let taken = taken(&mut connection).await?;
    let due = Outstanding::between(&known(&migrations()), &taken)?;
    drop(connection);
    if due.steps.is_empty() {
        return Ok(due);
    }
    match migrate(pool).await {
        Ok(()) => {
            // Looks that cannot be stored now are stored before the next change.
            if let Err(error) = looks::fill(pool).await {
                debug!(reason = %error, "what logins look like is not stored yet");
            }
            Ok(due)
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            if code(&error) != Some(SQLITE_READONLY) {
                return Err(error.into());
            }
            Err(Fault::Tables(MigrationError::Denied {
                from: due.from,
                to: due.to,
                obstacle: Obstacle::ReadOnlyFile,
                reason: error.to_string(),
            }))
        }
        Err(error) => Err(Error::Migrate(Box::new(error)).into()),
    }
}

/// Returns the migrations that the tables of a file lack, without changing it. Fails if the file cannot be read,
/// or if its tables are from a newer release or another program.
pub(super) async fn outstanding_in(path: &Path) -> Result<Outstanding, MigrationError> {
    let failed = |error: Error| failed(&error, path);
    let is_there = path.try_exists();
    if !is_there.map_err(|error| MigrationError::Failed(error.to_string()))? {
        return Outstanding::between(&known(&migrations()), &[]);
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let options = options.busy_timeout(TIMEOUT);
    let mut connection = options.connect().await.map_err(failed)?;
    let taken = taken(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Outstanding::between(&known(&migrations()), &taken)
}

async fn taken(connection: &mut SqliteConnection) -> Result<Vec<AppliedStep>, Error> {
    let is_there: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success")
        .fetch_all(connection)
        .await
}

/// Returns the error for a file that cannot be opened, with the operating system's reason, which SQLite does not
/// give.
fn failed(error: &Error, path: &Path) -> MigrationError {
    let is_denied = matches!(code(error), Some(SQLITE_CANTOPEN | SQLITE_READONLY));
    let obstacle = is_denied.then(|| rights::obstacle(path)).flatten();
    MigrationError::Failed(obstacle.unwrap_or_else(|| error.to_string()))
}

/// Returns SQLite's primary result code, without the bits of the extended one. `None` if the error is not from
/// SQLite.
fn code(error: &Error) -> Option<u32> {
    let code = error.as_database_error().and_then(DatabaseError::code)?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// Returns whether the file is locked. While two processes create a file, SQLite does not always wait for the busy
/// timeout.
pub(super) fn is_busy(error: &Error) -> bool {
    code(error) == Some(SQLITE_BUSY)
}

/// Applies the migrations in one transaction. Fails if one of them fails.
///
/// Several processes may call this function concurrently, such as a gateway and a command: each waits for the lock of
/// the file, and finds the migrations already applied. The library itself uses no lock for SQLite.
async fn migrate(pool: &Connections) -> Result<(), MigrateError> {
    let mut transaction = pool.begin().await?;
    migrations()
        .run_direct(None, &mut *transaction, false)
        .await?;
    Ok(transaction.commit().await?)
}

pub(crate) fn migrations() -> Migrator {
    migrator(&[
        include_str!("../../migrations/sqlite/0001_directory.sql"),
        include_str!("../../migrations/sqlite/0002_second_factor.sql"),
        include_str!("../../migrations/sqlite/0003_audit.sql"),
        include_str!("../../migrations/sqlite/0004_key_scopes.sql"),
        include_str!("../../migrations/sqlite/0005_usage.sql"),
        include_str!("../../migrations/sqlite/0006_imports.sql"),
        include_str!("../../migrations/sqlite/0007_digest_keys.sql"),
        include_str!("../../migrations/sqlite/0008_usage_of_known_clients.sql"),
        include_str!("../../migrations/sqlite/0009_looks.sql"),
        include_str!("../../migrations/sqlite/0010_erased_users.sql"),
        include_str!("../../migrations/sqlite/0011_signing_keys.sql"),
        include_str!("../../migrations/sqlite/0012_authorities.sql"),
        include_str!("../../migrations/sqlite/0013_synchronisations.sql"),
        include_str!("../../migrations/sqlite/0014_languages.sql"),
        include_str!("../../migrations/sqlite/0015_refused_requests.sql"),
        include_str!("../../migrations/sqlite/0016_usage_and_search.sql"),
        include_str!("../../migrations/sqlite/0017_lists.sql"),
    ])
}
