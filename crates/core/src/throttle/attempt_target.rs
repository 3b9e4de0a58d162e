//! What an attempt guesses, and the keyed digests under which it is counted.

use uuid::Uuid;

use super::{Bucket, BucketKind, LoginOrigin};
use crate::names::login_form;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// What an attempt guesses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AttemptTarget<'a> {
    /// The password of that login name.
    Password(&'a str),
    /// The pass code of the card with that identifier.
    PassCode(&'a str),
    /// The code of a card, which suffices alone.
    CardCode(&'a str),
    /// The second factor of that user, whose password was right.
    Code(Uuid),
}

impl AttemptTarget<'_> {
    /// Returns the keyed hash under which attempts are counted: of the name that was sent, so that unknown names
    /// are counted like all others, or of the user whose second factor is guessed.
    pub(crate) fn account(self, pepper: &Pepper) -> TokenDigest {
        let (of, name) = match self {
            Self::Password(name) => (&b"user"[..], login_form(name)),
            Self::PassCode(identifier) => (&b"card"[..], identifier.to_owned()),
            Self::CardCode(code) => (&b"card code"[..], code.to_owned()),
            Self::Code(user) => return user_account(pepper, user),
        };
        pepper.digest_of(&[b"guessed account", of, name.as_bytes()])
    }

    /// Returns `true` if the attempt guesses the code or the pass code of an access card.
    pub(super) fn is_of_card(self) -> bool {
        match self {
            Self::PassCode(_) | Self::CardCode(_) => true,
            Self::Password(_) | Self::Code(_) => false,
        }
    }
}

/// Returns a keyed hash of a known user, whatever name was given.
pub(crate) fn user_account(pepper: &Pepper, user: Uuid) -> TokenDigest {
    pepper.digest_of(&[b"guessed account", b"user id", user.as_bytes()])
}

/// Returns a keyed hash of a user who is unknown here, for what is passed on to authorities: the same for `ada`,
/// `ada@example.com` and `EXAMPLE\ada`, which an authority may take for one user.
pub(crate) fn unlinked_account(pepper: &Pepper, name: &str) -> TokenDigest {
    let name = login_form(local_part(name));
    pepper.digest_of(&[b"guessed account", b"user elsewhere", name.as_bytes()])
}

/// Returns a login name without its domain; the whole name if nothing else would be left.
fn local_part(name: &str) -> &str {
    let whole = name.trim();
    let name = whole.rsplit_once('\\').map_or(whole, |(_, name)| name);
    let name = name.split_once('@').map_or(name, |(name, _)| name).trim();
    if name.is_empty() { whole } else { name }
}

/// Returns a keyed hash of the address from which a login comes. `None` if the address is not known. One address
/// is one client in all dialects: otherwise it would have a budget in each.
pub(super) fn address(pepper: &Pepper, origin: &LoginOrigin) -> Option<TokenDigest> {
    let host = origin.source?.host();
    Some(pepper.digest_of(&[b"client's address", host.as_bytes()]))
}

/// Returns a keyed hash of a network or a host, under which its buckets are listed.
pub(crate) fn network_of(pepper: &Pepper, network: &str) -> TokenDigest {
    pepper.digest_of(&[b"network of buckets", network.as_bytes()])
}

/// A live token in a login, of the user whose name is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownDevice {
    /// The user.
    pub(crate) user: Uuid,
    /// The token of the login from which it is derived. All tokens that are derived from one login are one
    /// client.
    pub(crate) root: TokenDigest,
}

impl KnownDevice {
    /// Returns the digest of the client for the bucket of attempts with this proof.
    pub(super) fn client(self, pepper: &Pepper) -> TokenDigest {
        pepper.digest_of(&[b"client with a live token", self.root.as_bytes()])
    }
}

impl Bucket {
    pub(crate) fn new(
        pepper: &Pepper,
        kind: BucketKind,
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
        let network_digest = network.as_deref();
        Self {
            key,
            kind,
            account,
            network_digest: network_digest.map(|network| network_of(pepper, network)),
            network,
        }
    }
}
