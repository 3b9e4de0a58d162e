//! An invitation, at the command line and at the management listener alike.

use isogloss_core::audit::moment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::account::Invitation;

/// An invitation that was sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    /// The address to which it was sent.
    pub(crate) sent_to: String,
    /// When its link ends, in UTC.
    pub(crate) expires_at: String,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            sent_to: invitation.sent_to,
            expires_at: moment(invitation.expires_at),
        }
    }
}
