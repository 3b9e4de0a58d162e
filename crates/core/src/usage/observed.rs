//! One call, as it is counted.

use time::OffsetDateTime;

use crate::client::Expired;

/// What became of one call.
#[derive(Debug, Clone)]
pub struct Observed {
    /// When it was answered.
    pub at: OffsetDateTime,
    /// Whether it was refused.
    pub refused: bool,
    /// A hash of the user whose call it was. `None` if no user was authenticated.
    pub user: Option<u64>,
    /// The expired token that it presented. `None` if it presented none.
    pub expired: Option<Expired>,
}
