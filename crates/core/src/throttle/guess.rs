//! What is guessed, and the keyed digests under which it is counted.

use uuid::Uuid;

use super::{Bucket, Kind, Origin};
use crate::names::login_form;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// What is about to be guessed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guess<'a> {
    /// The password of that name.
    Password(&'a str),
    /// The pass code of the card of that identifier.
    PassCode(&'a str),
    /// The code of a card, which is all that is needed.
    CardCode(&'a str),
    /// The second factor of that user, whose password was right.
    Code(Uuid),
}

impl Guess<'_> {
    /// Returns a keyed hash of the name as it was given, so that unknown names are like all others.
    pub(crate) fn account(self, pepper: &Pepper) -> TokenDigest {
        let (of, name) = match self {
            Self::Password(name) => (&b"user"[..], login_form(name)),
            Self::PassCode(identifier) => (&b"card"[..], identifier.to_owned()),
            Self::CardCode(code) => (&b"card code"[..], code.to_owned()),
            Self::Code(user) => return user_account(pepper, user),
        };
        pepper.digest_of(&[b"guessed account", of, name.as_bytes()])
    }

    /// Whether it is a card's.
    pub(super) fn is_of_card(self) -> bool {
        match self {
            Self::PassCode(_) | Self::CardCode(_) => true,
            Self::Password(_) | Self::Code(_) => false,
        }
    }
}

/// Returns a keyed hash of a user who is known, whatever name was given.
pub(crate) fn user_account(pepper: &Pepper, user: Uuid) -> TokenDigest {
    pepper.digest_of(&[b"guessed account", b"user id", user.as_bytes()])
}

/// Returns a keyed hash of the address that a login comes from. One address is one client in all
/// dialects, or each would have a budget for it.
pub(super) fn address(pepper: &Pepper, origin: &Origin) -> Option<TokenDigest> {
    let host = origin.source?.host();
    Some(pepper.digest_of(&[b"client's address", host.as_bytes()]))
}

/// A live token that a login carries, of the user whose name is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The user.
    pub(crate) user: Uuid,
    /// The token of the login that it comes of. All that comes of one login is one client.
    pub(crate) root: TokenDigest,
}

impl Proof {
    /// Returns what stands for the client in the bucket of tries with that proof.
    pub(super) fn client(self, pepper: &Pepper) -> TokenDigest {
        pepper.digest_of(&[b"client with a live token", self.root.as_bytes()])
    }
}

impl Bucket {
    pub(super) fn new(
        pepper: &Pepper,
        kind: Kind,
        account: Option<TokenDigest>,
        client: Option<TokenDigest>,
        network: Option<String>,
    ) -> Self {
        let bytes = |digest: Option<TokenDigest>| digest.map(|digest| *digest.as_bytes());
        let key = pepper.digest_of(&[
            b"bucket",
            kind.name().as_bytes(),
            &bytes(account).unwrap_or_default(),
            &bytes(client).unwrap_or_default(),
            network.as_deref().unwrap_or_default().as_bytes(),
        ]);
        Self {
            key,
            kind,
            account,
            network,
        }
    }
}
