//! Bringing the tables up to date, as soon as there is a server.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{failed, no_answer, reason};
use crate::directory::steps::migrator;
use crate::error::StoreError;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether the tables are as this program needs them.
pub(super) enum Tables {
    /// Nobody has been asked yet.
    Unknown,
    /// They could not be made; another attempt follows.
    Missing(String),
    /// From here on they are.
    Ready,
}

/// Waits for the outcome of the first attempt, or tells that of the last.
pub(super) async fn ready(mut tables: watch::Receiver<Tables>) -> Result<(), StoreError> {
    let known = tables.wait_for(|tables| !matches!(tables, Tables::Unknown));
    match &*known.await.map_err(failed)? {
        Tables::Ready => Ok(()),
        Tables::Missing(reason) => Err(failed(reason)),
        Tables::Unknown => Err(failed("closed")),
    }
}

/// Tries until it is done.
pub(super) async fn migrate_in_time(
    options: PgConnectOptions,
    limit: Duration,
    tables: watch::Sender<Tables>,
) {
    loop {
        let connection = timeout(limit, PgConnection::connect_with(&options)).await;
        let outcome = match connection {
            Ok(Ok(connection)) => migrate(connection).await,
            Ok(Err(error)) => Err(reason(&error)),
            Err(_) => Err(no_answer(limit)),
        };
        match outcome {
            Ok(()) => {
                tables.send_replace(Tables::Ready);
                return;
            }
            Err(reason) => tables.send_replace(Tables::Missing(reason)),
        };
        sleep(PAUSE).await;
    }
}

/// Several gateways may do so at once: each waits for a lock that PostgreSQL keeps, and finds the
/// work of the one before it done.
pub(in crate::directory) async fn migrate(mut connection: PgConnection) -> Result<(), String> {
    // `run` itself cannot be awaited in a task: <https://github.com/launchbadge/sqlx/issues/2016>
    let done = migrations().run_direct(None, &mut connection, false).await;
    done.map_err(|error| format!("the tables cannot be brought up to date: {error}"))
}

pub(in crate::directory) fn migrations() -> Migrator {
    migrator([
        include_str!("../../../migrations/postgres/0001_directory.sql"),
        include_str!("../../../migrations/postgres/0002_second_factor.sql"),
        include_str!("../../../migrations/postgres/0003_audit.sql"),
        include_str!("../../../migrations/postgres/0004_key_scopes.sql"),
        include_str!("../../../migrations/postgres/0005_usage.sql"),
        include_str!("../../../migrations/postgres/0006_imports.sql"),
        include_str!("../../../migrations/postgres/0007_digest_keys.sql"),
        include_str!("../../../migrations/postgres/0008_usage_of_known_clients.sql"),
        include_str!("../../../migrations/postgres/0010_erased_users.sql"),
    ])
}
