//! The directory in PostgreSQL: one server, many gateways.

mod access;
mod api_keys;
mod app_passwords;
mod audit;
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
mod read;
mod servers;
mod session;
mod silence;
mod snapshot;
mod transaction;
mod usage;
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

/// How PostgreSQL is reached.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// `postgres://[user[:password]@]host[:port]/database[?sslmode=…]`
    pub url: SecretString,
    /// Connections at the most.
    pub connections: usize,
    /// How long a question may take in all: waiting for a free connection, connecting, the answer.
    pub timeout: Duration,
    /// Certificates of the authorities that the server's is to be signed by, beside those of the
    /// system. If given, the server has to prove its name.
    pub ca_file: Option<PathBuf>,
}

/// A directory on a PostgreSQL server.
pub struct PostgresDirectory {
    /// Drives all connections. They must not hang on the runtime of whichever worker asked first:
    /// it may end while others still use them.
    runtime: Option<Runtime>,
    access: PostgresAccess,
    tables: watch::Receiver<Tables>,
    timeout: Duration,
    digests: Arc<DigestKeys>,
}

impl PostgresDirectory {
    /// Checks an address and the files that it names. Nothing is sent. `ca_file` is as in
    /// [`PostgresSettings`].
    pub fn check(url: &str, ca_file: Option<&Path>) -> Result<(), AddressError> {
        connect_options::read(url, ca_file).map(drop)
    }

    /// Prepares the connections, and sees to the tables as soon as the server can be reached: it
    /// may come up later than we do.
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

    /// What changes the credentials while the directory is used.
    pub fn access(&self) -> PostgresAccess {
        self.access.clone()
    }

    /// Stores the digests of cards and keys under a digest key of the directory.
    #[must_use]
    pub fn digesting(mut self, digests: DigestKeys) -> Self {
        self.digests = Arc::new(digests);
        self
    }

    /// Stores the looks that are missing before a change that compares logins with them. They may be those
    /// of a whole directory, for which the time of a change is too short.
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

/// What went wrong, in PostgreSQL's own words, but for the details, which quote values.
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
