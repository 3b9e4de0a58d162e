//! Synchronisations of a directory that is unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SyncRecord, SyncTurn, Synchronisations};

use super::PendingDirectory;

/// Unavailable until the directory file is applied: a synchronisation would add users whom the file names.
#[async_trait]
impl Synchronisations for PendingDirectory {
    async fn begin_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError> {
        self.ready()?.begin_synchronisation(turn).await
    }

    async fn renew_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError> {
        self.ready()?.renew_synchronisation(turn).await
    }

    async fn end_synchronisation(&self, turn: &SyncTurn, outcome: &str) -> Result<(), StoreError> {
        self.ready()?.end_synchronisation(turn, outcome).await
    }

    async fn synchronisation(&self, authority: &str) -> Result<Option<SyncRecord>, StoreError> {
        self.ready()?.synchronisation(authority).await
    }
}
