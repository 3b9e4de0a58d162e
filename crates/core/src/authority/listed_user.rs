//! Users as an authority lists them.

use futures_util::stream::BoxStream;

use super::{Cause, Identity};

/// All users of an authority. It ends with the first error: then what came is not all.
pub type UserList<'a> = BoxStream<'a, Result<ListedUser, Cause>>;

/// A user as an authority lists the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// What the authority says about the user.
    pub identity: Identity,
    /// Whether the user may not log in there.
    pub is_disabled: bool,
}
