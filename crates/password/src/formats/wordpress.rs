//! `WordPress` from 6.8 on: `$wp$2y$10$…`, bcrypt of an HMAC, `wp_hash_password()` in `pluggable.php`.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha384;

use super::HashError;
use super::bcrypt::Bcrypt;

pub(super) fn parse(text: &str) -> Result<Bcrypt, HashError> {
    let bcrypt = text.strip_prefix("$wp").ok_or(HashError::Unknown)?;
    Bcrypt::parse(bcrypt).map_err(|_| HashError::Malformed("WordPress"))
}

/// Returns the text that `WordPress` passes to bcrypt: the HMAC-SHA-384, under a fixed key, of the password without
/// the whitespace that PHP's `trim` removes.
pub(super) fn key(password: &str) -> Vec<u8> {
    let trimmed = password.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b']);
    // HMAC takes keys of any length.
    let Ok(mac) = Hmac::<Sha384>::new_from_slice(b"wp-sha384") else {
        return Vec::new();
    };
    let digest = mac.chain_update(trimmed.as_bytes()).finalize().into_bytes();
    BASE64.encode(&digest).into_bytes()
}
