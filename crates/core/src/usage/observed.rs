//! One call, as it is counted.

use time::OffsetDateTime;

use crate::client_identity::Expired;

/// The outcome of one call.
#[derive(Debug, Clone)]
pub struct Observed {
    /// When the response to the call was made.
    pub at: OffsetDateTime,
    /// Whether the call was refused.
    pub refused: bool,
    /// Whether a user logged in with the call.
    pub is_login: bool,
    /// A hash of the user who made the call. `None` if no user was authenticated.
    pub user: Option<u64>,
    /// The expired token that the call presented. `None` if it presented none.
    pub expired: Option<Expired>,
}
