//! Digests and digest keys as rows have them.

use isogloss_core::Key;
use isogloss_core::directory::{Card, DigestKeyId, KeyDigest, SealedKey};

use super::{Columns, Result, card, digest, digest_in, key, moment, unreadable};

/// The same, with the digest of the card's code.
pub(crate) fn card_of_code(row: &impl Columns) -> Result<(Card, KeyDigest)> {
    Ok((card(row)?, stored_digest(row, "code_digest")?))
}

/// The digest of a card's code.
pub(crate) fn code_digest(row: &impl Columns) -> Result<KeyDigest> {
    stored_digest(row, "code_digest")
}

/// A row of `keys`, and the digest that it has.
pub(crate) fn key_with_digest(row: &impl Columns) -> Result<(Key, KeyDigest)> {
    Ok((key(row)?, stored_digest(row, "digest")?))
}

/// A digest beside which the digest key is named that it was made with, if it was made with one.
pub(super) fn stored_digest(row: &impl Columns, column: &str) -> Result<KeyDigest> {
    let digest = digest(&row.bytes_if_any(column)?.unwrap_or_default())?;
    match row.bytes_if_any(&format!("{column}_key"))? {
        None => Ok(digest),
        Some(key) => Ok(KeyDigest::keyed(*digest.as_bytes(), digest_key_id(&key)?)),
    }
}

/// A row of `erased_users`.
pub(crate) fn tombstone(row: &impl Columns) -> Result<KeyDigest> {
    stored_digest(row, "digest")
}

fn digest_key_id(bytes: &[u8]) -> Result<DigestKeyId> {
    let id = bytes.try_into().map_err(|_| unreadable("digest key"))?;
    Ok(DigestKeyId::from_bytes(id))
}

/// A row of `digest_keys`.
pub(crate) fn sealed_key(row: &impl Columns) -> Result<SealedKey> {
    Ok(SealedKey {
        id: digest_key_id(&row.bytes_if_any("id")?.unwrap_or_default())?,
        pepper: row.text("pepper")?,
        sealed: row.text("sealed")?,
        made_at: moment(row.number("made_at")?),
        used_from: moment(row.number("used_from")?),
        sealed_at: moment(row.number("sealed_at")?),
    })
}

/// A digest key of which only the identifier is known, with the number of digests that are stored
/// under it.
pub(crate) fn digests_of_key(row: &impl Columns) -> Result<(DigestKeyId, i64)> {
    let id = digest_key_id(&row.bytes_if_any("id")?.unwrap_or_default())?;
    Ok((id, row.number("digests")?))
}

/// A plain digest that is to be stored under a digest key: the realm of a key, or none for a card.
pub(crate) fn plain_digest(row: &impl Columns) -> Result<(Option<String>, KeyDigest)> {
    Ok((row.text_if_any("realm")?, digest_in(row)?))
}
