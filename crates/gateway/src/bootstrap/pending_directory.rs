//! A directory that is unavailable until the directory file is applied.
//!
//! Before that, a missing user may be one that the file will add.

mod api_keys;
mod authority_links;
mod digests;
mod second_factor;
mod signing_keys;
mod synchronisations;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use isogloss_core::audit::{AuditTable, Event, EventFilter, EventSearch, FoundEvent};
use isogloss_core::directory::{
    Account, Applied, BackedUp, Card, CardRef, Change, ChangeError, Changed, Directory, Erased,
    ImportError, KeyDigest, LookAlikes, OrganisationEntry, OrganisationRef, Present, Snapshot,
    UserFilter, UserRecord, Wanted,
};
use isogloss_core::refusals::{RefusalFilter, RefusalPruning, RefusalTable, RefusedRequest};
use isogloss_core::store::Finding;
use isogloss_core::usage::{
    ClientPage, DayFilter, LastUse, NamedUse, UsageBatch, UsageDay, UsageRows, UsageSummary,
    UsageTable, UseFilter,
};
use isogloss_core::{
    Key, NearCacheStatus, PoolStatus, StoreError, TokenDigest, Unit, User, UserState,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Directory that is unavailable until [`set_ready`](Self::set_ready) is called.
pub(crate) struct PendingDirectory {
    directory: Arc<dyn Directory>,
    is_ready: AtomicBool,
}

impl PendingDirectory {
    /// Wraps a directory, which is unavailable until [`set_ready`](Self::set_ready) is called.
    pub(crate) fn new(directory: Arc<dyn Directory>) -> Self {
        let is_ready = AtomicBool::new(false);
        Self {
            directory,
            is_ready,
        }
    }

    /// Makes the directory available.
    pub(crate) fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    /// Returns the directory, or the error "unavailable" while the directory file is not applied.
    fn ready(&self) -> Result<&dyn Directory, StoreError> {
        if self.is_ready.load(Ordering::Acquire) {
            return Ok(self.directory.as_ref());
        }
        let reason = "the directory file is not applied yet";
        Err(StoreError::new("directory", reason))
    }
}

/// Always available: audit events do not depend on the directory file.
#[async_trait]
impl AuditTable for PendingDirectory {
    async fn insert_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        self.directory.insert_events(events).await
    }

    async fn find_events(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError> {
        self.directory.find_events(filter).await
    }

    async fn events_of_token(&self, handle: TokenDigest) -> Result<Vec<String>, StoreError> {
        self.directory.events_of_token(handle).await
    }

    async fn search_events(&self, search: &EventSearch) -> Result<Vec<FoundEvent>, StoreError> {
        self.directory.search_events(search).await
    }

    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        self.directory.remove_events(before, limit).await
    }
}

/// Always available: refused requests do not depend on the directory file.
#[async_trait]
impl RefusalTable for PendingDirectory {
    async fn insert_refusals(&self, refused: Vec<Arc<RefusedRequest>>) -> Result<(), StoreError> {
        self.directory.insert_refusals(refused).await
    }

    async fn find_refusals(
        &self,
        filter: &RefusalFilter,
    ) -> Result<Vec<RefusedRequest>, StoreError> {
        self.directory.find_refusals(filter).await
    }

    async fn prune_refusals(&self, pruning: RefusalPruning) -> Result<u64, StoreError> {
        self.directory.prune_refusals(pruning).await
    }
}

/// Always available: counts of usage do not depend on the directory file.
#[async_trait]
impl UsageTable for PendingDirectory {
    async fn add_usage(&self, added: &UsageBatch, room: usize) -> Result<(), StoreError> {
        self.directory.add_usage(added, room).await
    }

    async fn usage(&self, since: OffsetDateTime) -> Result<UsageRows, StoreError> {
        self.directory.usage(since).await
    }

    async fn usage_summaries(&self) -> Result<Vec<UsageSummary>, StoreError> {
        self.directory.usage_summaries().await
    }

    async fn usage_of_clients(&self, page: &ClientPage) -> Result<UsageRows, StoreError> {
        self.directory.usage_of_clients(page).await
    }

    async fn remove_usage(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.directory.remove_usage(before).await
    }

    async fn usage_days(&self, filter: &DayFilter) -> Result<Vec<UsageDay>, StoreError> {
        self.directory.usage_days(filter).await
    }

    async fn remove_usage_days(&self, before: Date) -> Result<u64, StoreError> {
        self.directory.remove_usage_days(before).await
    }

    async fn user_uses(&self, filter: &UseFilter) -> Result<Vec<NamedUse>, StoreError> {
        self.directory.user_uses(filter).await
    }

    async fn last_uses(&self, dialects: &[String]) -> Result<Vec<LastUse>, StoreError> {
        self.directory.last_uses(dialects).await
    }
}

#[async_trait]
impl Directory for PendingDirectory {
    fn connections(&self) -> Option<PoolStatus> {
        self.directory.connections()
    }

    fn cache_status(&self) -> Option<NearCacheStatus> {
        self.directory.cache_status()
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        self.ready()?.account(login).await
    }

    fn user_cached(&self, id: Uuid) -> Option<Arc<User>> {
        self.ready().ok()?.user_cached(id)
    }

    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        self.ready()?.user(id).await
    }

    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError> {
        self.ready()?.units(user).await
    }

    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<UserRecord>, StoreError> {
        self.ready()?.users(filter, after, limit).await
    }

    async fn organisations(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrganisationEntry>, StoreError> {
        self.ready()?.organisations(after, limit).await
    }

    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError> {
        self.ready()?.organisation(name).await
    }

    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError> {
        self.ready()?.card(name).await
    }

    async fn key(&self, realm: &str, digest: KeyDigest) -> Result<Option<Key>, StoreError> {
        self.ready()?.key(realm, digest).await
    }

    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError> {
        self.ready()?.set_password(user, hash).await
    }

    async fn replace_hash(&self, user: Uuid, old: &str, new: &str) -> Result<bool, StoreError> {
        self.ready()?.replace_hash(user, old, new).await
    }

    async fn set_state(&self, user: Uuid, state: UserState) -> Result<(), StoreError> {
        self.ready()?.set_state(user, state).await
    }

    async fn change(&self, change: Change) -> Result<Changed, ChangeError> {
        self.ready()?.change(change).await
    }

    async fn check(&self, change: Change) -> Result<(), ChangeError> {
        self.ready()?.check(change).await
    }

    async fn erase(&self, user: Uuid) -> Result<Erased, ChangeError> {
        self.ready()?.erase(user).await
    }

    async fn apply(&self, wanted: &Wanted) -> Result<Applied, ImportError> {
        self.ready()?.apply(wanted).await
    }

    async fn present(&self, wanted: &Wanted) -> Result<Present, StoreError> {
        self.ready()?.present(wanted).await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.ready()?.snapshot().await
    }

    async fn was_imported(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        self.ready()?.was_imported(fingerprint).await
    }

    async fn record_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        self.ready()?.record_import(fingerprint).await
    }

    async fn look_alikes(&self) -> Result<Vec<LookAlikes>, StoreError> {
        self.ready()?.look_alikes().await
    }

    /// Returns the directory's findings even before the file is applied: they may be the reason why it is not.
    /// Fails if the directory is unreachable.
    async fn health(&self) -> Result<Vec<Finding>, StoreError> {
        self.directory.health().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.directory.ping().await?;
        self.ready().map(drop)
    }

    async fn back_up(&self, folder: &Path) -> Result<BackedUp, StoreError> {
        self.ready()?.back_up(folder).await
    }

    async fn restore(&self, folder: &Path) -> Result<(), StoreError> {
        self.ready()?.restore(folder).await
    }

    async fn close(&self) {
        self.directory.close().await;
    }
}
