//! The keys of the tables that list tokens by user and by expiry.

use isogloss_core::TokenDigest;
use isogloss_core::backend::milliseconds;
use isogloss_core::store::Record;
use time::OffsetDateTime;
use uuid::Uuid;

/// User, time of issue, digest: in this order, a user's oldest token comes first.
pub(crate) type UserKey = [u8; 40];
/// Time of expiry, digest.
pub(super) type ExpiryKey = [u8; 24];

/// Returns the first and the last possible key of a user in the table of users' tokens.
pub(crate) fn user_range(user: Uuid) -> (UserKey, UserKey) {
    let bound = |rest: u8| {
        let mut key = [rest; 40];
        key[..16].copy_from_slice(user.as_bytes());
        key
    };
    (bound(0), bound(0xff))
}

/// Returns the digest at the end of a key of the table of users' tokens.
pub(crate) fn digest_of(key: &UserKey) -> TokenDigest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&key[24..]);
    digest.into()
}

/// Returns the keys under which a token is listed: under its user, and under the administrator who acts as the
/// user.
pub(super) fn user_keys(record: &Record, digest: TokenDigest) -> impl Iterator<Item = UserKey> {
    record.listed_under().map(move |user| {
        let mut key = [0; 40];
        key[..16].copy_from_slice(user.as_bytes());
        key[16..24].copy_from_slice(&sortable(record.issued_at));
        key[24..].copy_from_slice(digest.as_bytes());
        key
    })
}

pub(super) fn expiry_key(expires_at: OffsetDateTime, digest: TokenDigest) -> ExpiryKey {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&sortable(expires_at));
    key[8..].copy_from_slice(digest.as_bytes());
    key
}

/// Returns milliseconds since the epoch in big-endian order, so that the bytes sort by time. A time before the epoch
/// counts as 0.
fn sortable(moment: OffsetDateTime) -> [u8; 8] {
    milliseconds(moment).max(0).to_be_bytes()
}

/// Returns the digest at the end of a key of the table of expiries.
pub(super) fn digest_of_expiry_key(key: &ExpiryKey) -> TokenDigest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&key[8..]);
    digest.into()
}
