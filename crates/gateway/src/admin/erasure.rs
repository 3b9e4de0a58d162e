//! Erasing a user, at the command line and at the management listener alike.

use isogloss_core::{Erasure, Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What was erased, without a name: it may be kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Erased)]
pub(crate) struct Shown {
    /// What stands for the user in the audit log's table from now on.
    pub(crate) pseudonym: Uuid,
    /// How many tokens ended.
    pub(crate) sessions: u64,
    /// How many application keys acted as the user. They are revoked.
    pub(crate) keys: u64,
    /// How many events of the audit log's table name the pseudonym now.
    pub(crate) audit_events: u64,
    /// How many counts of wrong tries and lists of known clients were removed.
    pub(crate) counts: u64,
    /// Whether the organisation has no enabled administrator any more, and had one.
    pub(crate) was_last_administrator: bool,
}

impl Shown {
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
