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

/// The digest at the end of a token's key.
pub(super) fn digest_of(key: &[u8]) -> Option<TokenDigest> {
    let digest: [u8; 16] = *key.strip_prefix(TOKEN)?.first_chunk()?;
    Some(digest.into())
}
