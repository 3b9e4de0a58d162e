//! Brings the tables up to date, as soon as the server can be reached.

use std::borrow::Cow;
use std::time::Duration;

use isogloss_core::StoreError;
use isogloss_core::directory::{MigrationError, Obstacle, Outstanding};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Error, query_as, query_scalar};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::access::PostgresAccess;
use super::fault::READ_ONLY;
use super::servers::Servers;
use super::silence::{Doing, patience, watched};
use super::{PostgresDirectory, PostgresSettings, failed, looks, no_answer, reason, servers};
use crate::migrations::{known, migrator};

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// SQLSTATEs of missing privileges: no right to a table, and no schema in which the role may create one.
const DENIED: &str = "42501";
const NO_SCHEMA: &str = "3F000";

impl PostgresDirectory {
    /// Returns the migrations that the tables lack, without changing anything.
    ///
    /// # Errors
    /// If the server does not respond, or if the tables cannot be read or are from a newer release or another program.
    pub async fn outstanding(settings: &PostgresSettings) -> Result<Outstanding, MigrationError> {
        let (servers, mut connection) = connect(settings).await?;
        let watch = (&servers, patience(settings.timeout));
        let due = watched(
            &mut connection,
            watch,
            |_| (),
            |c| Box::pin(outstanding_at(c)),
        );
        due.await.map_err(|error| given_up(&error))?
    }

    /// Brings the tables up to date, and returns the migrations that were missing.
    ///
    /// # Errors
    /// If the settings are invalid, if no server responds in time, if the connection becomes silent, if a migration
    /// fails, or if the tables are from a newer release or another program.
    pub async fn migrate(settings: &PostgresSettings) -> Result<Outstanding, MigrationError> {
        let (servers, connection) = connect(settings).await?;
        migrate_watched(connection, (&servers, settings.timeout), |_| ()).await
    }
}

/// Connects once, for a change of the tables. Returns the connection and its server. Fails if no server responds
/// in time.
async fn connect(
    settings: &PostgresSettings,
) -> Result<(Servers, Box<PgConnection>), MigrationError> {
    let servers = servers(settings).map_err(|error| MigrationError::Failed(error.to_string()))?;
    match timeout(settings.timeout, servers.connect_named()).await {
        Ok(Ok((name, connection))) => Ok((servers.at(&name), Box::new(connection))),
        Ok(Err(error)) => Err(MigrationError::Failed(reason(&error))),
        Err(_) => Err(MigrationError::Failed(no_answer(
            &servers,
            settings.timeout,
        ))),
    }
}

/// Whether the tables are at the version that this release needs.
pub(super) enum Tables {
    /// No attempt has finished yet.
    Unknown,
    /// They are not up to date, for this reason; another attempt follows.
    Missing(String),
    /// They are up to date.
    Ready,
}

/// Waits until it is known whether the tables are up to date. Fails, with the reason, if they are not, or if the task
/// that brings them up to date ended before that was known.
pub(super) async fn ready(mut tables: watch::Receiver<Tables>) -> Result<(), StoreError> {
    let known = tables.wait_for(|tables| !matches!(tables, Tables::Unknown));
    match &*known.await.map_err(failed)? {
        Tables::Ready => Ok(()),
        Tables::Missing(reason) => Err(failed(reason)),
        Tables::Unknown => Err(failed("closed")),
    }
}

/// Tries to bring the tables up to date until that succeeds, and publishes each result to `tables`.
pub(super) async fn migrate_in_time(
    access: PostgresAccess,
    limit: Duration,
    tables: watch::Sender<Tables>,
) {
    loop {
        let servers = access.servers();
        let connection = timeout(limit, servers.connect_named()).await;
        let outcome = match connection {
            Ok(Ok((name, connection))) => {
                let report = |doing: &Doing| {
                    if let Some(reason) = under_way(doing) {
                        tables.send_replace(Tables::Missing(reason.to_owned()));
                    }
                };
                let migrated =
                    migrate_watched(Box::new(connection), (&servers.at(&name), limit), report)
                        .await;
                migrated.map(drop).map_err(|error| error.to_string())
            }
            Ok(Err(error)) => Err(reason(&error)),
            Err(_) => Err(no_answer(&servers, limit)),
        };
        match outcome {
            Ok(()) => {
                tables.send_replace(Tables::Ready);
                return;
            }
            Err(reason) => {
                debug!(%reason, "the tables are not known to be up to date, will retry");
                tables.send_replace(Tables::Missing(reason));
            }
        }
        sleep(PAUSE).await;
    }
}

/// Returns why the tables are not ready, according to what the session that changes them is doing: it works, or it
/// waits for another process. `None` if it does neither, or if that is not known.
fn under_way(doing: &Doing) -> Option<&'static str> {
    match doing {
        Doing::Working => Some("the tables are being brought up to date"),
        Doing::Queueing => Some("the tables are being brought up to date by another process"),
        Doing::Idle(_) | Doing::Gone | Doing::Replaced | Doing::Unknown => None,
    }
}

/// Brings the tables up to date, however long the server takes, and returns the migrations that were missing.
/// Fails if one of them fails or the connection is silent.
async fn migrate_watched(
    mut connection: Box<PgConnection>,
    (servers, limit): (&Servers, Duration),
    report: impl Fn(&Doing) + Send,
) -> Result<Outstanding, MigrationError> {
    let watch = (servers, patience(limit));
    let migrated = watched(&mut connection, watch, report, |c| Box::pin(migrate(c)));
    migrated.await.map_err(|error| given_up(&error))?
}

fn given_up(error: &Error) -> MigrationError {
    MigrationError::Failed(reason(error))
}

/// Brings the tables up to date, and returns the migrations that were missing. If none is missing, the tables are not
/// altered, and only missing looks are stored: a role with fewer privileges and a standby are enough. Fails if a
/// migration fails, or if the tables are from a newer release or another program.
///
/// Several gateways may call this function concurrently: each waits for an advisory lock in PostgreSQL, and finds the
/// migrations already applied.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<Outstanding, MigrationError> {
    let due = outstanding_at(connection).await?;
    if !due.steps.is_empty() {
        take_steps(connection, &due).await?;
    }
    // Looks that cannot be stored now are stored before the next change.
    let filled = looks::fill(connection).await;
    if let Err(error) = filled {
        debug!(reason = %reason(&error), "what logins look like is not stored yet");
    }
    Ok(due)
}

async fn take_steps(
    connection: &mut PgConnection,
    due: &Outstanding,
) -> Result<(), MigrationError> {
    let role = role(connection).await?;
    // `run` itself cannot be awaited in a task: <https://github.com/launchbadge/sqlx/issues/2016>
    let done = migrations().run_direct(None, connection, false).await;
    let error = match done {
        Ok(()) => return Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => error,
        Err(error) => return Err(MigrationError::Failed(error.to_string())),
    };
    let obstacle = match code(&error).as_deref() {
        Some(READ_ONLY) => Obstacle::ReadOnlyServer,
        Some(DENIED | NO_SCHEMA) => Obstacle::Role(role),
        Some(_) | None => {
            let reason = format!(
                "the tables cannot be brought up to date: {}",
                reason(&error)
            );
            return Err(MigrationError::Failed(reason));
        }
    };
    Err(MigrationError::Denied {
        from: due.from,
        to: due.to,
        obstacle,
        reason: reason(&error),
    })
}

/// Returns the migrations that the tables lack, without changing anything. Fails if the tables cannot be read, or
/// are from a newer release or another program.
pub(super) async fn outstanding_at(
    connection: &mut PgConnection,
) -> Result<Outstanding, MigrationError> {
    let failed = |error: Error| MigrationError::Failed(reason(&error));
    let there = query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    let is_there: bool = there.fetch_one(&mut *connection).await.map_err(failed)?;
    if !is_there {
        return Outstanding::between(&known(&migrations()), &[]);
    }
    let taken = query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success")
        .fetch_all(&mut *connection)
        .await;
    match taken {
        Ok(taken) => Outstanding::between(&known(&migrations()), &taken),
        Err(error) if code(&error).as_deref() == Some(DENIED) => Err(MigrationError::Unreadable {
            role: role(connection).await?,
            reason: reason(&error),
        }),
        Err(error) => Err(failed(error)),
    }
}

async fn role(connection: &mut PgConnection) -> Result<String, MigrationError> {
    let role = query_scalar("SELECT current_user::text").fetch_one(connection);
    role.await
        .map_err(|error| MigrationError::Failed(reason(&error)))
}

fn code(error: &Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

pub(crate) fn migrations() -> Migrator {
    migrator(&[
        include_str!("../../migrations/postgres/0001_directory.sql"),
        include_str!("../../migrations/postgres/0002_second_factor.sql"),
        include_str!("../../migrations/postgres/0003_audit.sql"),
        include_str!("../../migrations/postgres/0004_key_scopes.sql"),
        include_str!("../../migrations/postgres/0005_usage.sql"),
        include_str!("../../migrations/postgres/0006_imports.sql"),
        include_str!("../../migrations/postgres/0007_digest_keys.sql"),
        include_str!("../../migrations/postgres/0008_usage_of_known_clients.sql"),
        include_str!("../../migrations/postgres/0009_looks.sql"),
        include_str!("../../migrations/postgres/0010_erased_users.sql"),
        include_str!("../../migrations/postgres/0011_signing_keys.sql"),
        include_str!("../../migrations/postgres/0012_authorities.sql"),
        include_str!("../../migrations/postgres/0013_synchronisations.sql"),
        include_str!("../../migrations/postgres/0014_languages.sql"),
        include_str!("../../migrations/postgres/0015_refused_requests.sql"),
        include_str!("../../migrations/postgres/0016_usage_and_search.sql"),
        include_str!("../../migrations/postgres/0017_lists.sql"),
    ])
}
