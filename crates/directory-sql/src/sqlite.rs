//! The directory in SQLite: one file without a server, shared by several processes.

mod api_keys;
mod app_passwords;
mod audit;
mod backup;
mod change;
mod close;
pub(super) mod connections;
mod digest_keys;
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

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, query, query_scalar};
use uuid::Uuid;

use self::connections::Connections;
use self::near_cache::NearRows;
use self::transaction::SqliteTables;
use isogloss_core::NearCacheStatus;
use isogloss_core::StoreError;
use isogloss_core::SystemClock;
use isogloss_core::backend::directory::Abort;
use isogloss_core::backend::directory::UserPage;
use isogloss_core::backend::directory::find_look_alikes;
use isogloss_core::backend::directory::{DigestKind, OpenKeys, find_digest};
use isogloss_core::backend::get_or_load;
use isogloss_core::create_private_file;
use isogloss_core::directory::{
    Account, Applied, BackedUp, Card, CardRef, Change, ChangeError, Changed, DigestKeys, Directory,
    Erased, KeyDigest, LookAlikes, MigrationError, OrganisationEntry, OrganisationRef, Outstanding,
    Present, Snapshot, Unapplied, UserFilter, Wanted,
};
use isogloss_core::store::Finding;
use isogloss_core::{Key, Unit, User, UserState};

/// A directory in a SQLite file.
pub struct SqliteDirectory {
    pub(super) pool: Connections,
    options: SqliteConnectOptions,
    near: Option<Kept>,
    digests: DigestKeys,
}

/// The near cache, and the connection that keeps the file open for it.
struct Kept {
    rows: NearRows,
    /// `None` once the directory is closed.
    open: Mutex<Option<SqliteConnection>>,
}

impl SqliteDirectory {
    /// Opens the file, creates it if it is missing, and brings its tables up to date. Fails if that is not
    /// possible.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private_file(path).map_err(failed)?;
        Self::open_existing(path).await
    }

    /// Opens an existing file, and brings its tables up to date. Fails if it does not exist or that is not
    /// possible.
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

    /// Returns the migrations that the tables of a file lack, without changing or creating the file. Fails if it
    /// cannot be read, or if its tables are from a newer release or another program.
    pub async fn outstanding(path: &Path) -> Result<Outstanding, MigrationError> {
        tables::outstanding_in(path).await
    }

    /// Creates the file if it is missing, brings its tables up to date, and returns the migrations that were
    /// missing. Fails if that is not possible.
    pub async fn migrate(path: &Path) -> Result<Outstanding, MigrationError> {
        create_private_file(path).map_err(|error| MigrationError::Failed(error.to_string()))?;
        let (pool, outstanding) = tables::connect(&tables::options(path)).await?;
        pool.close().await;
        Ok(outstanding)
    }

    /// Sets the digest keys under which the directory stores the digests of cards and application keys.
    #[must_use]
    pub fn digesting(mut self, digests: DigestKeys) -> Self {
        self.digests = digests;
        self
    }

    /// Enables a near cache of up to `users` users, which is valid as long as the file does not change. Fails if
    /// the file cannot be read.
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

#[async_trait]
impl Directory for SqliteDirectory {
    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        read::account(&self.pool, login).await.map_err(failed)
    }

    fn user_cached(&self, id: Uuid) -> Option<Arc<User>> {
        self.near.as_ref()?.rows.users()?.get(&id)
    }

    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        let near = self.near.as_ref().and_then(|kept| kept.rows.users());
        let look_up = async || {
            let user = read::user(&self.pool, id).await.map_err(failed)?;
            Ok(user.map(Arc::new))
        };
        get_or_load(near, id, look_up).await
    }

    fn cache_status(&self) -> Option<NearCacheStatus> {
        Some(self.near.as_ref()?.rows.status())
    }

    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError> {
        read::units_of(&self.pool, user).await.map_err(failed)
    }

    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let found = read::users(
            &self.pool,
            UserPage::new(filter, after, limit),
            filter,
            limit,
        );
        found.await.map_err(failed)
    }

    async fn organisations(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrganisationEntry>, StoreError> {
        read::organisations(&self.pool, after, limit)
            .await
            .map_err(failed)
    }

    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError> {
        let found = self.pool.run(async |c| read::organisation(c, name).await);
        found.await.map_err(failed)
    }

    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError> {
        match name {
            CardRef::Code(digest) => find_digest(self, DigestKind::Card, digest).await,
            CardRef::Identifier(identifier) => {
                let found = read::card_of_identifier(&self.pool, identifier).await;
                found.map_err(failed)
            }
        }
    }

    async fn key(&self, realm: &str, digest: KeyDigest) -> Result<Option<Key>, StoreError> {
        let near = self.near.as_ref().and_then(|kept| kept.rows.keys());
        let look_up = async || find_digest(self, DigestKind::Key { realm }, digest).await;
        get_or_load(near, (realm.to_owned(), digest), look_up).await
    }

    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError> {
        query("UPDATE users SET password_hash = ?, generation = generation + 1 WHERE id = ?")
            .bind(hash)
            .bind(user.to_string())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn replace_hash(&self, user: Uuid, old: &str, new: &str) -> Result<bool, StoreError> {
        passwords::replace_hash(&self.pool, user, old, new)
            .await
            .map_err(failed)
    }

    async fn set_state(&self, user: Uuid, state: UserState) -> Result<(), StoreError> {
        let disabled = state == UserState::Disabled;
        query("UPDATE users SET disabled = ?1, generation = generation + ?1 WHERE id = ?2")
            .bind(disabled)
            .bind(user.to_string())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn change(&self, change: Change) -> Result<Changed, ChangeError> {
        change::make(self, change).await.map_err(aborted)
    }

    async fn check(&self, change: Change) -> Result<(), ChangeError> {
        change::check(self, change).await.map_err(aborted)
    }

    async fn erase(&self, user: Uuid) -> Result<Erased, ChangeError> {
        erasure::erase(self, user).await.map_err(aborted)
    }

    async fn apply(&self, wanted: &Wanted) -> Result<Applied, Unapplied> {
        write::apply(self, wanted).await.map_err(failed)?
    }

    async fn present(&self, wanted: &Wanted) -> Result<Present, StoreError> {
        let open = OpenKeys::of(self, &wanted.digest_keys).await?;
        let present = self
            .pool
            .run(async |c| present::read(c, wanted, open).await);
        present.await.map_err(failed)
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let read = self.pool.run(async |c| snapshot::read(c, None).await);
        let (entries, _) = read.await.map_err(failed)?;
        Ok(entries)
    }

    async fn was_imported(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        query_scalar("SELECT EXISTS (SELECT 1 FROM imports WHERE fingerprint = ?)")
            .bind(fingerprint.as_slice())
            .fetch_one(&self.pool)
            .await
            .map_err(failed)
    }

    async fn note_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        imports::note(&self.pool, fingerprint).await.map_err(failed)
    }

    async fn look_alikes(&self) -> Result<Vec<LookAlikes>, StoreError> {
        let found = self
            .pool
            .run(async |c| find_look_alikes(&mut SqliteTables(c)).await);
        found.await.map_err(failed)
    }

    async fn health(&self) -> Result<Vec<Finding>, StoreError> {
        read::account(&self.pool, "").await.map_err(failed)?;
        Ok(health::of_writes(&self.options).await)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        query("SELECT 1")
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn back_up(&self, folder: &Path) -> Result<BackedUp, StoreError> {
        backup::write(self, folder).await
    }

    async fn restore(&self, folder: &Path) -> Result<(), StoreError> {
        backup::restore(self, folder).await
    }

    async fn close(&self) {
        close::close(self).await;
    }
}

fn aborted(abort: Abort<sqlx::Error>) -> ChangeError {
    match abort {
        Abort::Invalid(invalid) => invalid.into(),
        Abort::Failed(error) => failed(error).into(),
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("sqlite directory", error)
}
