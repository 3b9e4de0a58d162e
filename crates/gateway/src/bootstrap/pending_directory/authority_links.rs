//! Users of authorities and records of users: unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{
    Acceptance, Account, AuthorityLinks, FoundUsers, UserGroup, UserRecord, UserRecords, UserSearch,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::PendingDirectory;

#[async_trait]
impl AuthorityLinks for PendingDirectory {
    async fn linked_account(
        &self,
        authority: &str,
        external_id: &str,
    ) -> Result<Option<Account>, StoreError> {
        let directory = self.ready()?;
        directory.linked_account(authority, external_id).await
    }

    async fn record_acceptance(
        &self,
        user: Uuid,
        acceptance: &Acceptance,
    ) -> Result<bool, StoreError> {
        self.ready()?.record_acceptance(user, acceptance).await
    }

    async fn forget_hash(&self, user: Uuid, hash: &str) -> Result<(), StoreError> {
        self.ready()?.forget_hash(user, hash).await
    }

    async fn was_erased(
        &self,
        authority: &str,
        external_id: &str,
        logins: &[String],
    ) -> Result<bool, StoreError> {
        let directory = self.ready()?;
        directory.was_erased(authority, external_id, logins).await
    }
}

#[async_trait]
impl UserRecords for PendingDirectory {
    async fn record_login(&self, user: Uuid, at: OffsetDateTime) -> Result<(), StoreError> {
        self.ready()?.record_login(user, at).await
    }

    async fn user_record(&self, user: Uuid) -> Result<Option<UserRecord>, StoreError> {
        self.ready()?.user_record(user).await
    }

    async fn find_users(&self, search: &UserSearch) -> Result<FoundUsers, StoreError> {
        self.ready()?.find_users(search).await
    }

    async fn user_groups(&self) -> Result<Vec<UserGroup>, StoreError> {
        self.ready()?.user_groups().await
    }
}
