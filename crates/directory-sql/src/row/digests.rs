//! Decodes digests, digest keys and keys of JWTs from rows.

use isogloss_core::Key;
use isogloss_core::directory::{
    Card, DigestKeyId, KeyDigest, SealedKey, SealedSigningKey, SyncRecord,
};

use super::{Columns, Result, card, digest, digest_in, key, moment, unreadable};

/// Decodes a card and the digest of its code. Fails if a column cannot be decoded.
pub(crate) fn card_of_code(row: &impl Columns) -> Result<(Card, KeyDigest)> {
    Ok((card(row)?, stored_digest(row, "code_digest")?))
}

/// Decodes the digest of a card's code. Fails if a column cannot be decoded.
pub(crate) fn code_digest(row: &impl Columns) -> Result<KeyDigest> {
    stored_digest(row, "code_digest")
}

/// Decodes a row of `keys` and its digest. Fails if a column cannot be decoded.
pub(crate) fn key_with_digest(row: &impl Columns) -> Result<(Key, KeyDigest)> {
    Ok((key(row)?, stored_digest(row, "digest")?))
}

/// Decodes a digest. If the column with the suffix `_key` is not NULL, it contains the digest key that the digest
/// was made with. Fails if a column cannot be decoded.
pub(super) fn stored_digest(row: &impl Columns, column: &str) -> Result<KeyDigest> {
    let digest = digest(&row.bytes_if_any(column)?.unwrap_or_default())?;
    match row.bytes_if_any(&format!("{column}_key"))? {
        None => Ok(digest),
        Some(key) => Ok(KeyDigest::keyed(*digest.as_bytes(), digest_key_id(&key)?)),
    }
}

/// Decodes a row of `erased_users`. Fails if a column cannot be decoded.
pub(crate) fn tombstone(row: &impl Columns) -> Result<KeyDigest> {
    stored_digest(row, "digest")
}

fn digest_key_id(bytes: &[u8]) -> Result<DigestKeyId> {
    let id = bytes.try_into().map_err(|_| unreadable("digest key"))?;
    Ok(DigestKeyId::from_bytes(id))
}

/// Decodes a row of `digest_keys`. Fails if a column cannot be decoded.
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

/// Decodes the identifier of a digest key and the number of digests that are stored under it. Fails if a column
/// cannot be decoded.
pub(crate) fn digests_of_key(row: &impl Columns) -> Result<(DigestKeyId, i64)> {
    let id = digest_key_id(&row.bytes_if_any("id")?.unwrap_or_default())?;
    Ok((id, row.number("digests")?))
}

/// Decodes a plain digest, and the realm if it is of an application key; `None` for a card. Fails if a column
/// cannot be decoded.
pub(crate) fn plain_digest(row: &impl Columns) -> Result<(Option<String>, KeyDigest)> {
    Ok((row.text_if_any("realm")?, digest_in(row)?))
}

/// Decodes a row of `synchronisations`; `None` without a row. Fails if a column cannot be decoded.
pub(crate) fn synchronisation(row: Option<&impl Columns>) -> Result<Option<SyncRecord>> {
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SyncRecord {
        begun_at: moment(row.number("begun_at")?),
        is_running: row.flag("is_running")?,
        ended_at: row.number_if_any("ended_at")?.map(moment),
        outcome: row.text_if_any("outcome")?,
    }))
}

/// Decodes a row of `signing_keys`. Fails if a column cannot be decoded.
pub(crate) fn signing_key(row: &impl Columns) -> Result<SealedSigningKey> {
    Ok(SealedSigningKey {
        secret_id: row.text("secret_id")?,
        algorithm: row.text("algorithm")?,
        period: row.number("period")?,
        sealed: row.bytes_if_any("sealed")?.unwrap_or_default(),
        created_at: moment(row.number("created_at")?),
    })
}
