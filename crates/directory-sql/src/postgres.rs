//! The directory in PostgreSQL: one server, shared by several gateways.

mod access;
mod api_keys;
mod app_passwords;
mod audit;
pub(crate) mod audit_search;
mod authority_links;
mod backup;
mod belongings;
mod change;
mod commit;
mod connect_options;
pub(super) mod digest_keys;
mod directory;
mod enrolments;
mod erasure;
mod fault;
mod health;
mod imports;
mod looks;
pub(super) mod migrate;
mod named;
mod passwords;
mod pool;
mod present;
pub(crate) mod read;
mod refusals;
mod servers;
mod session;
mod signing_keys;
mod silence;
mod snapshot;
mod synchronisations;
mod transaction;
mod usage;
mod usage_days;
mod user_records;
pub(crate) mod user_search;
mod user_uses;
mod work;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::directory::{Change, DigestKeys};
use isogloss_core::{StoreError, SystemClock};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Error;
use tokio::runtime::Runtime;
use tokio::sync::watch;

pub use self::access::PostgresAccess;
pub use self::connect_options::AddressError;
use self::migrate::{Tables, migrate_in_time};
use self::servers::Servers;

/// The settings of the connections to PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// `postgres://[user[:password]@]host[:port]/database[?sslmode=…]`
    pub url: SecretString,
    /// The maximum number of connections.
    pub connections: usize,
    /// The total time limit of a query: waiting for a free connection, connecting, and the response.
    pub timeout: Duration,
    /// The certificates of authorities, in addition to the system's, that may have signed the server's
    /// certificate. If set, the server must prove its name.
    pub ca_file: Option<PathBuf>,
}

/// A directory on a PostgreSQL server.
pub struct PostgresDirectory {
    /// The runtime of all connections. They must not belong to the runtime of the worker that first sends a query:
    /// it may end while other workers still use them.
    runtime: Option<Runtime>,
    access: PostgresAccess,
    tables: watch::Receiver<Tables>,
    timeout: Duration,
    digests: Arc<DigestKeys>,
}

impl PostgresDirectory {
    /// Checks an address and the files that it names, without connecting. `ca_file` is as in [`PostgresSettings`].
    ///
    /// # Errors
    /// If the address is invalid, if one of its parameters is not supported, or if a file cannot be opened.
    pub fn check(url: &str, ca_file: Option<&Path>) -> Result<(), AddressError> {
        connect_options::read(url, ca_file).map(drop)
    }

    /// Prepares the connections, and starts a task that brings the tables up to date as soon as the server can be
    /// reached: it may start later than the gateway.
    ///
    /// # Errors
    /// If the address is invalid or the runtime cannot be started.
    pub fn new(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let servers = servers(settings).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(failed)?;
        let (outcome, tables) = watch::channel(Tables::Unknown);
        let access = PostgresAccess::new(servers, settings, runtime.handle().clone());
        runtime.spawn(migrate_in_time(access.clone(), settings.timeout, outcome));
        Ok(Self {
            runtime: Some(runtime),
            access,
            tables,
            timeout: settings.timeout,
            digests: Arc::new(DigestKeys::without_pepper(Arc::new(SystemClock))),
        })
    }

    /// Returns a handle for changing the credentials while the directory is in use.
    pub fn access(&self) -> PostgresAccess {
        self.access.clone()
    }

    /// Returns the directory with the digest keys under which it stores the digests of cards and application keys.
    #[must_use]
    pub fn with_digest_keys(mut self, digests: DigestKeys) -> Self {
        self.digests = Arc::new(digests);
        self
    }

    /// Stores missing looks before a change that compares login names by look. All looks of a directory may be
    /// missing, which takes longer than a change may. Fails if the directory is unavailable.
    async fn fill_looks(&self, change: &Change) -> Result<(), StoreError> {
        if change.logins().is_empty() {
            return Ok(());
        }
        self.long(|c| Box::pin(looks::fill(c))).await
    }
}

impl Drop for PostgresDirectory {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn servers(settings: &PostgresSettings) -> Result<Servers, AddressError> {
    let servers = connect_options::read(settings.url.expose_secret(), settings.ca_file.as_deref())?;
    Ok(servers.sharing(settings.timeout))
}

/// Returns PostgreSQL's error message, without the details, which quote values.
fn reason(error: &Error) -> String {
    match error.as_database_error() {
        None => error.to_string(),
        Some(error) => match error.code() {
            Some(code) => format!("{} (SQLSTATE {code})", error.message()),
            None => error.message().to_owned(),
        },
    }
}

fn no_answer(servers: &Servers, limit: Duration) -> String {
    format!("{}: no answer within {limit:?}", servers.names())
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("postgres directory", error)
}
