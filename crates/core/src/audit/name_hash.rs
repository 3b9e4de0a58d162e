//! Names in failed logins, as keyed hashes: such a name may be anything, a password included.

use crate::names::login_form;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// A name that a caller sent.
#[derive(Debug, Clone, Copy)]
pub enum ClaimedName<'a> {
    /// A login name, in upper or lower case.
    User(&'a str),
    /// The identifier of an access card.
    Card(&'a str),
}

impl ClaimedName<'_> {
    /// Returns a keyed hash of the name. Under one pepper, equal names have equal hashes, so events can be
    /// counted by name; a login name is hashed trimmed, in lower case and in NFC.
    pub fn hash(self, pepper: &Pepper) -> TokenDigest {
        let (of, name) = match self {
            Self::User(name) => (&b"user"[..], login_form(name)),
            Self::Card(identifier) => (&b"card"[..], identifier.to_owned()),
        };
        pepper.digest_of(&[b"audited name", of, name.as_bytes()])
    }
}
