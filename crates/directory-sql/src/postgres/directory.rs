//! Implements `Directory` for PostgreSQL: each method runs its queries on a connection of the pool.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::directory::{DigestKind, OpenKeys, UserPage, find_digest, login_forms};
use isogloss_core::directory::{
    Account, Applied, BackedUp, Card, CardRef, Change, ChangeError, Changed, Directory, Erased,
    ImportError, KeyDigest, LookAlikes, OrganisationEntry, OrganisationRef, Present, Snapshot,
    UserFilter, UserRecord, Wanted,
};
use isogloss_core::store::Finding;
use isogloss_core::{Key, PoolStatus, StoreError, Unit, User, UserState};
use uuid::Uuid;

use super::{
    PostgresDirectory, backup, change, erasure, health, imports, looks, passwords, read, write,
};

#[async_trait]
impl Directory for PostgresDirectory {
    fn connections(&self) -> Option<PoolStatus> {
        Some(self.access.connections().status())
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let login = login_forms(login);
        if !login.iter().all(|form| can_be_stored(form)) {
            return Ok(None);
        }
        self.run_idempotent(move |c| Box::pin(read::account(c, login.clone())))
            .await
    }

    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        let user = self
            .run_idempotent(move |c| Box::pin(read::user(c, id)))
            .await?;
        Ok(user.map(Arc::new))
    }

    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError> {
        let user = user.clone();
        self.run_idempotent(move |c| Box::pin(read::units_of(c, user.clone())))
            .await
    }

    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let texts = [&filter.search, &filter.authority];
        if !texts.into_iter().flatten().all(|text| can_be_stored(text)) {
            return Ok(Vec::new());
        }
        let mut found = UserPage::new(filter, after, limit);
        loop {
            let (filter, after) = (filter.clone(), found.after());
            let page = self
                .run_idempotent(move |c| Box::pin(read::users(c, filter.clone(), after, limit)));
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
        self.run_idempotent(move |c| Box::pin(read::organisations(c, after.clone(), limit)))
            .await
    }

    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError> {
        match name {
            OrganisationRef::Name(name) if can_be_stored(name) => {
                let name = name.to_owned();
                self.run_idempotent(move |c| Box::pin(read::organisation_named(c, name.clone())))
                    .await
            }
            OrganisationRef::Name(_) => Ok(None),
            OrganisationRef::Id(id) => {
                self.run_idempotent(move |c| {
                    Box::pin(read::organisation(c, OrganisationRef::Id(id)))
                })
                .await
            }
        }
    }

    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError> {
        match name {
            CardRef::Code(code) => find_digest(self, DigestKind::Card, code).await,
            CardRef::Identifier(identifier) if can_be_stored(identifier) => {
                let identifier = identifier.to_owned();
                self.run_idempotent(move |c| {
                    Box::pin(read::card_of_identifier(c, identifier.clone()))
                })
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

    async fn apply(&self, wanted: &Wanted) -> Result<Applied, ImportError> {
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
        self.run_idempotent(move |c| Box::pin(read::was_imported(c, fingerprint)))
            .await
    }

    async fn record_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
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

/// Returns whether PostgreSQL can store a text: it must not contain a NUL. A text that does is in no table, and a
/// query with it would fail.
pub(super) fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
}
