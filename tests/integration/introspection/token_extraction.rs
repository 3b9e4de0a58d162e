//! How a call of each dialect carries its token, as a resource server receives it.

pub(crate) use isogloss_testkit::dialects::Carried;
use isogloss_testkit::dialects::{HeldToken, TokenKind};

/// Returns whether such a token authorises calls of resource servers.
pub(crate) fn speaks(kind: TokenKind) -> bool {
    kind.is_for_services()
}

pub(crate) fn dialect(kind: TokenKind) -> &'static str {
    kind.dialect
}

/// Returns every place in which clients of the dialect put such a token.
pub(crate) fn carried(held: &HeldToken) -> Vec<Carried> {
    held.carried()
}
