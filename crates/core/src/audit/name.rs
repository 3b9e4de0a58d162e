//! Names of failed logins, which may be anything, a password included: told apart, but not told.

use crate::names::login_form;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// A name that somebody gave.
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    /// To log in by, in any case.
    User(&'a str),
    /// Of an access card.
    Card(&'a str),
}

impl Name<'_> {
    /// A keyed hash, the same for the same name, so that events can be counted by it.
    pub fn hash(self, pepper: &Pepper) -> TokenDigest {
        let (of, name) = match self {
            Self::User(name) => (&b"user"[..], login_form(name)),
            Self::Card(identifier) => (&b"card"[..], identifier.to_owned()),
        };
        pepper.digest_of(&[b"audited name", of, name.as_bytes()])
    }
}
