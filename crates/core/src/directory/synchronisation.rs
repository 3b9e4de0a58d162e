//! Synchronisation: brings the users of an authority up to date with the authority's own list.
//!
//! It is an import whose file is the list: what the list does not say stays as it is. Users who are gone are disabled,
//! and never removed. Before anything is changed, the brake judges how many users would be disabled. Each batch is one
//! transaction, so a run that was interrupted is continued by the next one, which finds less to do.

mod audited;
mod error;
mod plan;
mod report;
mod run;
mod turn;
mod wanted_user;

use std::sync::Arc;

pub use self::error::SyncError;
pub use self::report::{SyncCounts, SyncProgress, SyncReport};
use super::Directory;
use crate::audit::Audit;
use crate::authority::{Authority, AuthoritySettings};
use crate::clock::Clock;

/// What a synchronisation needs.
#[derive(Clone)]
pub struct Synchronisation {
    /// The directory whose users are synchronised.
    pub directory: Arc<dyn Directory>,
    /// What the operator decided about the authority.
    pub settings: AuthoritySettings,
    /// The authority, which lists its users.
    pub authority: Arc<dyn Authority>,
    /// The audit log.
    pub audit: Audit,
    /// The source of the current time, for the audit log.
    pub clock: Arc<dyn Clock>,
}
