//! How a call of each dialect carries its token, as a service behind the gateway receives it.

pub(crate) use isogloss_testkit::dialects::Carried;
use isogloss_testkit::dialects::{Held, Kind};

/// Whether a service may take the token for its bearer's word.
pub(crate) fn speaks(kind: Kind) -> bool {
    kind.is_for_services()
}

pub(crate) fn dialect(kind: Kind) -> &'static str {
    kind.dialect
}

/// Every place in which clients of the dialect put such a token.
pub(crate) fn carried(held: &Held) -> Vec<Carried> {
    held.carried()
}
