//! The keys that tokens, slots and lists of users have.

use uuid::Uuid;

use crate::token::TokenDigest;

pub(super) const TOKEN: &[u8] = b"isogloss:t:";

fn key(prefix: &[u8], id: &[u8]) -> Vec<u8> {
    [prefix, id].concat()
}

pub(super) fn token_key(digest: TokenDigest) -> Vec<u8> {
    key(TOKEN, digest.as_bytes())
}

pub(super) fn slot_key(slot: TokenDigest) -> Vec<u8> {
    key(b"isogloss:s:", slot.as_bytes())
}

pub(super) fn user_key(user: Uuid) -> String {
    format!("isogloss:u:{}", user.simple())
}

/// What the keys of an access list must cover.
pub(super) const PATTERN: &str = "isogloss:*";

/// Returns a key of that kind, one of `tusgk`, that is no token's, slot's, user's, bucket's or account's: it
/// is too short to end with a digest. Keys of one number belong to one server of a cluster.
pub(crate) fn probe_key(kind: char, number: u16) -> String {
    format!("isogloss:{kind}:{{probe{number}}}")
}

/// The digest at the end of a token's key.
pub(super) fn digest_of(key: &[u8]) -> Option<TokenDigest> {
    let digest: [u8; 16] = *key.strip_prefix(TOKEN)?.first_chunk()?;
    Some(digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_probe_is_never_taken_for_a_token() {
        assert_eq!(digest_of(probe_key('t', u16::MAX).as_bytes()), None);
    }
}
