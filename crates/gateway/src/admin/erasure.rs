//! Erasing a user, at the command line and at the management listener alike.

use isogloss_core::{Erasure, Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The erased data, without a name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Erased)]
pub(crate) struct ErasureView {
    /// The pseudonym that replaces the user in the audit log's table.
    pub(crate) pseudonym: Uuid,
    /// Number of tokens that ended.
    pub(crate) sessions: u64,
    /// Number of application keys that acted as the user. They are revoked.
    pub(crate) keys: u64,
    /// Number of events in the audit log's table that now contain the pseudonym.
    pub(crate) audit_events: u64,
    /// Number of removed budgets and lists of known clients.
    pub(crate) counts: u64,
    /// Whether the organisation has lost its last enabled administrator.
    pub(crate) was_last_administrator: bool,
}

impl ErasureView {
    pub(crate) fn new(user: &User, erasure: &Erasure) -> Self {
        let Erasure {
            erased,
            tokens,
            counts,
        } = erasure;
        Self {
            pseudonym: erased.pseudonym,
            sessions: *tokens,
            keys: erased.keys,
            audit_events: erased.events,
            counts: *counts,
            was_last_administrator: user.role == Role::Admin && erased.administrators == 0,
        }
    }
}
