//! The directory in PostgreSQL: one server, shared by several gateways.

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

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Error;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use uuid::Uuid;

pub use self::access::PostgresAccess;
pub use self::connect_options::AddressError;
use self::migrate::{Tables, migrate_in_time};
use self::servers::Servers;
use isogloss_core::StoreError;
use isogloss_core::SystemClock;
use isogloss_core::backend::directory::UserPage;
use isogloss_core::backend::directory::login_forms;
use isogloss_core::backend::directory::{DigestKind, OpenKeys, find_digest};
use isogloss_core::directory::{
    Account, Applied, BackedUp, Card, CardRef, Change, ChangeError, Changed, DigestKeys, Directory,
    Erased, KeyDigest, LookAlikes, OrganisationEntry, OrganisationRef, Present, Snapshot,
    Unapplied, UserFilter, Wanted,
};
use isogloss_core::store::Finding;
use isogloss_core::{Key, Unit, User, UserState};

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
    /// Fails if the address is invalid, if one of its parameters is not supported, or if a file cannot be opened.
    pub fn check(url: &str, ca_file: Option<&Path>) -> Result<(), AddressError> {
        connect_options::read(url, ca_file).map(drop)
    }

    /// Prepares the connections, and starts a task that brings the tables up to date as soon as the server can be
    /// reached: it may start later than the gateway. Fails if the address is invalid or the runtime cannot be
    /// started.
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

    /// Sets the digest keys under which the directory stores the digests of cards and application keys.
    #[must_use]
    pub fn digesting(mut self, digests: DigestKeys) -> Self {
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

#[async_trait]
impl Directory for PostgresDirectory {
    fn connections(&self) -> Option<isogloss_core::PoolStatus> {
        Some(self.access.connections().status())
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let login = login_forms(login);
        if !login.iter().all(|form| can_be_stored(form)) {
            return Ok(None);
        }
        self.ask(move |c| Box::pin(read::account(c, login.clone())))
            .await
    }

    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        let user = self.ask(move |c| Box::pin(read::user(c, id))).await?;
        Ok(user.map(Arc::new))
    }

    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError> {
        let user = user.clone();
        self.ask(move |c| Box::pin(read::units_of(c, user.clone())))
            .await
    }

    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        if filter
            .search
            .as_deref()
            .is_some_and(|text| !can_be_stored(text))
        {
            return Ok(Vec::new());
        }
        let mut found = UserPage::new(filter, after, limit);
        loop {
            let (filter, after) = (filter.clone(), found.after());
            let page = self.ask(move |c| Box::pin(read::users(c, filter.clone(), after, limit)));
            if !found.takes(page.await?) {
                return Ok(found.users);
            }
        }
    }

    async fn organisations(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrganisationEntry>, StoreError> {
        // No stored name contains a NUL, so the text after one makes no difference.
        let after = after.split('\0').next().unwrap_or_default().to_owned();
        self.ask(move |c| Box::pin(read::organisations(c, after.clone(), limit)))
            .await
    }

    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError> {
        match name {
            OrganisationRef::Name(name) if can_be_stored(name) => {
                let name = name.to_owned();
                self.ask(move |c| Box::pin(read::organisation_named(c, name.clone())))
                    .await
            }
            OrganisationRef::Name(_) => Ok(None),
            OrganisationRef::Id(id) => {
                self.ask(move |c| Box::pin(read::organisation(c, OrganisationRef::Id(id))))
                    .await
            }
        }
    }

    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError> {
        match name {
            CardRef::Code(code) => find_digest(self, DigestKind::Card, code).await,
            CardRef::Identifier(identifier) if can_be_stored(identifier) => {
                let identifier = identifier.to_owned();
                self.ask(move |c| Box::pin(read::card_of_identifier(c, identifier.clone())))
                    .await
            }
            CardRef::Identifier(_) => Ok(None),
        }
    }

    async fn key(&self, realm: &str, digest: KeyDigest) -> Result<Option<Key>, StoreError> {
        find_digest(self, DigestKind::Key { realm }, digest).await
    }

    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        self.once(move |c| Box::pin(passwords::set_password(c, user, hash.clone())))
            .await
    }

    async fn replace_hash(&self, user: Uuid, old: &str, new: &str) -> Result<bool, StoreError> {
        let (old, new) = (old.to_owned(), new.to_owned());
        self.once(move |c| Box::pin(passwords::replace_hash(c, user, old.clone(), new.clone())))
            .await
    }

    async fn set_state(&self, user: Uuid, state: UserState) -> Result<(), StoreError> {
        let disabled = state == UserState::Disabled;
        self.once(move |c| Box::pin(write::set_disabled(c, user, disabled)))
            .await
    }

    async fn change(&self, change: Change) -> Result<Changed, ChangeError> {
        self.fill_looks(&change).await?;
        let digests = Arc::clone(&self.digests);
        let made =
            self.once(move |c| Box::pin(change::make(c, change.clone(), Arc::clone(&digests))));
        Ok(made.await??)
    }

    async fn check(&self, change: Change) -> Result<(), ChangeError> {
        self.fill_looks(&change).await?;
        let checked = self.once(move |c| Box::pin(change::check(c, change.clone())));
        Ok(checked.await??)
    }

    async fn erase(&self, user: Uuid) -> Result<Erased, ChangeError> {
        let digests = Arc::clone(&self.digests);
        let erased = self.long(move |c| Box::pin(erasure::erase(c, user, Arc::clone(&digests))));
        Ok(erased.await??)
    }

    async fn apply(&self, wanted: &Wanted) -> Result<Applied, Unapplied> {
        let wanted = wanted.clone();
        let digests = Arc::clone(&self.digests);
        self.long(move |c| Box::pin(imports::apply(c, wanted.clone(), Arc::clone(&digests))))
            .await?
    }

    async fn present(&self, wanted: &Wanted) -> Result<Present, StoreError> {
        let open = OpenKeys::of(self, &wanted.digest_keys).await?;
        let wanted = wanted.clone();
        self.long(move |c| Box::pin(imports::present(c, wanted.clone(), open.clone())))
            .await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.long(|c| Box::pin(write::snapshot(c))).await
    }

    async fn was_imported(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        let fingerprint = *fingerprint;
        self.ask(move |c| Box::pin(read::was_imported(c, fingerprint)))
            .await
    }

    async fn note_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        let fingerprint = *fingerprint;
        self.once(move |c| Box::pin(imports::note(c, fingerprint)))
            .await
    }

    async fn look_alikes(&self) -> Result<Vec<LookAlikes>, StoreError> {
        self.long(|c| Box::pin(looks::find(c))).await
    }

    async fn health(&self) -> Result<Vec<Finding>, StoreError> {
        self.once(|c| Box::pin(health::examine(c))).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.once(|_| Box::pin(async { Ok(()) })).await
    }

    async fn back_up(&self, folder: &Path) -> Result<BackedUp, StoreError> {
        let folder = folder.to_owned();
        self.long(move |c| Box::pin(backup::write(c, folder.clone())))
            .await
    }

    async fn restore(&self, folder: &Path) -> Result<(), StoreError> {
        let folder = folder.to_owned();
        self.long(move |c| Box::pin(backup::restore(c, folder.clone())))
            .await
    }

    async fn close(&self) {
        self.access.connections().close();
    }
}

impl Drop for PostgresDirectory {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns whether PostgreSQL can store a text: it must not contain a NUL. A text that does is in no table, and a
/// query with it would fail.
fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
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
