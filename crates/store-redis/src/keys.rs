//! The keys of everything that is stored in Redis. All begin with one prefix.

use std::sync::Arc;

use isogloss_core::TokenDigest;
use isogloss_core::throttle::{BucketList, ListPart};
use uuid::Uuid;

const TOKEN: &str = "t:";
const BUCKET: &str = "g:";

/// The prefix of all keys, so that several installations can share a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(Arc<str>);

impl KeyPrefix {
    /// A description of valid prefixes, for error messages.
    pub const EXPECTED: &str =
        "1 to 64 letters, digits and any of - _ . : / of which the last is a colon";

    /// Returns the prefix, or `None` if `text` is not [as expected](Self::EXPECTED). A pattern would match
    /// the keys of other installations, and braces would put all keys into one slot of a cluster.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        let is_prefix = text.len() <= 64 && text.ends_with(':') && text.chars().all(is_plain);
        is_prefix.then(|| Self(text.into()))
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("isogloss:".into())
    }
}

/// The keys with a prefix.
#[derive(Debug, Clone)]
pub(crate) struct Keys(KeyPrefix);

impl Keys {
    pub(super) fn under(prefix: KeyPrefix) -> Self {
        Self(prefix)
    }

    fn key(&self, kind: &str, id: &[u8]) -> Vec<u8> {
        [self.0.0.as_bytes(), kind.as_bytes(), id].concat()
    }

    pub(super) fn token(&self, digest: TokenDigest) -> Vec<u8> {
        self.key(TOKEN, digest.as_bytes())
    }

    pub(super) fn slot(&self, slot: TokenDigest) -> Vec<u8> {
        self.key("s:", slot.as_bytes())
    }

    pub(super) fn user(&self, user: Uuid) -> Vec<u8> {
        self.key("u:", user.simple().to_string().as_bytes())
    }

    /// Returns a key that is written so that `WAIT` covers all earlier writes. Every slot of a cluster has
    /// such a key, for some number.
    pub(super) fn confirmation(&self, number: u32) -> Vec<u8> {
        self.key("w:", number.to_string().as_bytes())
    }

    /// Returns the key of a bucket of the login throttle.
    pub(crate) fn bucket(&self, bucket: TokenDigest) -> Vec<u8> {
        self.key(BUCKET, bucket.as_bytes())
    }

    /// Returns the key of the part of a list of buckets.
    pub(crate) fn bucket_list(&self, part: ListPart, list: BucketList) -> Vec<u8> {
        let kind = match part {
            ListPart::Locked => "l:",
            ListPart::Unlocked => "f:",
        };
        match list {
            BucketList::All => self.key(kind, b"all"),
            BucketList::Account(account) => {
                self.key(kind, &[b"a:", &account.as_bytes()[..]].concat())
            }
            BucketList::Network(network) => {
                self.key(kind, &[b"n:", &network.as_bytes()[..]].concat())
            }
        }
    }

    /// Returns the key of the clients that an account is known to use.
    pub(crate) fn clients(&self, account: TokenDigest) -> Vec<u8> {
        self.key("k:", account.as_bytes())
    }

    /// Returns the prefix of all token keys.
    pub(super) fn tokens(&self) -> String {
        format!("{}{TOKEN}", self.0.0)
    }

    /// Returns the prefix of all bucket keys.
    pub(crate) fn buckets(&self) -> String {
        format!("{}{BUCKET}", self.0.0)
    }

    /// Returns the pattern of keys that an access list must allow: the prefix with `*`.
    pub(super) fn pattern(&self) -> String {
        format!("{}*", self.0.0)
    }

    /// Returns the key of a probe for that kind of keys, one of `tusgkf`. It is never the key of a token,
    /// slot, user, bucket or account: it is too short to end with a digest. Keys with the same number belong
    /// to one server of a cluster.
    pub(crate) fn probe(&self, kind: char, number: u16) -> String {
        format!("{}{kind}:{{probe{number}}}", self.0.0)
    }

    /// Returns the digest in the key of a token. `None` for any other key.
    pub(super) fn token_of(&self, key: &[u8]) -> Option<TokenDigest> {
        digest_of(key, &self.tokens())
    }

    /// Returns the digest in the key of a bucket. `None` for any other key.
    pub(crate) fn bucket_of(&self, key: &[u8]) -> Option<TokenDigest> {
        digest_of(key, &self.buckets())
    }
}

/// Returns the digest in a key. `None` if the key does not begin with `prefix`, or more than a digest
/// follows: then it belongs to another installation, whose prefix begins in the same way.
fn digest_of(key: &[u8], prefix: &str) -> Option<TokenDigest> {
    let digest: [u8; 16] = key.strip_prefix(prefix.as_bytes())?.try_into().ok()?;
    Some(digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_plain_bounded_and_ends_with_a_colon() {
        let longest = format!("{}:", "x".repeat(63));
        for good in ["isogloss:", "a:", "team-1/login_v2.x:", &longest] {
            assert!(KeyPrefix::new(good).is_some(), "{good}");
        }
        let too_long = format!("x{longest}");
        for bad in [
            "", "team", "te*m:", "te?m:", "[a]:", "{tag}:", "a b:", "a\\\\:", "\u{e9}:", "a:\\n",
            &too_long,
        ] {
            assert!(KeyPrefix::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn keys_of_a_longer_prefix_are_not_ours() {
        let digest = TokenDigest::from([7; 16]);
        let ours = Keys::under(KeyPrefix::default());
        assert_eq!(ours.token_of(&ours.token(digest)), Some(digest));
        let others = Keys::under(KeyPrefix::new("isogloss:t:").unwrap());
        assert_eq!(ours.token_of(&others.token(digest)), None);
    }

    #[test]
    fn a_key_of_a_probe_is_never_taken_for_a_token() {
        let keys = Keys::under(KeyPrefix::default());
        assert_eq!(keys.token_of(keys.probe('t', u16::MAX).as_bytes()), None);
    }
}
