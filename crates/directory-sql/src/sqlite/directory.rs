//! Implements `Directory` for SQLite.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::directory::{
    Abort, DigestKind, OpenKeys, UserPage, find_digest, find_look_alikes,
};
use isogloss_core::backend::get_or_load;
use isogloss_core::directory::{
    Account, Applied, BackedUp, Card, CardRef, Change, ChangeError, Changed, Directory, Erased,
    ImportError, KeyDigest, LookAlikes, OrganisationEntry, OrganisationRef, Present, Snapshot,
    UserFilter, UserRecord, Wanted,
};
use isogloss_core::store::Finding;
use isogloss_core::{Key, NearCacheStatus, StoreError, Unit, User, UserState};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::transaction::SqliteTables;
use super::{
    SqliteDirectory, backup, change, close, erasure, failed, health, imports, passwords, present,
    read, snapshot, write,
};

#[async_trait]
impl Directory for SqliteDirectory {
    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        read::account(&self.pool, login).await.map_err(failed)
    }

    fn user_cached(&self, id: Uuid) -> Option<Arc<User>> {
        self.near.as_ref()?.rows.users()?.get(&id)
    }

    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        let near = self.near.as_ref().and_then(|cache| cache.rows.users());
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
    ) -> Result<Vec<UserRecord>, StoreError> {
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
        let near = self.near.as_ref().and_then(|cache| cache.rows.keys());
        let look_up = async || find_digest(self, DigestKind::Key { realm }, digest).await;
        get_or_load(near, (realm.to_owned(), digest), look_up).await
    }

    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError> {
        query(
            "UPDATE users SET password_hash = ?, accepted_at = NULL, generation = generation + 1
             WHERE id = ?",
        )
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
        write::set_disabled(&self.pool, user, state == UserState::Disabled)
            .await
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

    async fn apply(&self, wanted: &Wanted) -> Result<Applied, ImportError> {
        imports::apply(self, wanted).await.map_err(failed)?
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

    async fn record_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
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
