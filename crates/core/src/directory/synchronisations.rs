//! Turns of synchronisations: which process synchronises the users of an authority now, and how the last one ended.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;

/// The turns of synchronisations. Times are those of the database, so that clocks of gateways do not matter.
#[async_trait]
pub trait Synchronisations: Send + Sync + 'static {
    /// Takes the turn to synchronise the users of an authority. Returns false if another process has it, or if the
    /// last one began less than the interval ago. A turn that is not renewed ends with its lease. Fails if the directory
    /// is unavailable.
    async fn begin_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError>;

    /// Renews the lease of a turn. Returns false if the turn has ended, or another process has it now. Fails if the
    /// directory is unavailable.
    async fn renew_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError>;

    /// Ends a turn, and stores how it ended, as JSON. Succeeds without effect if another process has the turn now.
    /// Fails if the directory is unavailable.
    async fn end_synchronisation(&self, turn: &SyncTurn, outcome: &str) -> Result<(), StoreError>;

    /// Returns the synchronisations of the users of an authority; `None` if there was none yet. Fails if the directory
    /// is unavailable.
    async fn synchronisation(&self, authority: &str) -> Result<Option<SyncRecord>, StoreError>;
}

/// A turn to synchronise the users of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncTurn {
    /// The name of the authority.
    pub authority: String,
    /// The process, or the task within it.
    pub holder: Uuid,
    /// How long the turn lasts unless it is renewed, in whole seconds.
    pub lease: Duration,
    /// The least time since the last synchronisation began, in whole seconds. Zero: it does not matter.
    pub interval: Duration,
}

/// The synchronisations of the users of an authority, as the directory has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRecord {
    /// When the last one began.
    pub begun_at: OffsetDateTime,
    /// Whether it still runs.
    pub is_running: bool,
    /// When the last one that ended did so.
    pub ended_at: Option<OffsetDateTime>,
    /// How it ended, as JSON.
    pub outcome: Option<String>,
}
