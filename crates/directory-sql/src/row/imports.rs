//! Decodes and encodes what imports last set, and decodes what was revoked.

use isogloss_core::backend::directory::ImportedValues;
use isogloss_core::directory::{RevokedEntry, RevokedKeyEntry};
use sqlx::Error;
use uuid::Uuid;

use super::digests::stored_digest;
use super::{Columns, Result, digest_in, moment, unreadable};

/// Decodes a row of `imported_users`. Fails if a column cannot be decoded.
pub(super) fn origin(row: &impl Columns) -> Result<(Uuid, ImportedValues)> {
    let said = serde_json::from_str(&row.text("said")?);
    Ok((row.guid("user")?, said.map_err(|_| unreadable("origin"))?))
}

/// Encodes imported values as they are stored: as JSON. Fails if they cannot be encoded.
pub(crate) fn said(origin: &ImportedValues) -> Result<String> {
    serde_json::to_string(origin).map_err(|error| Error::Encode(error.into()))
}

/// Decodes a row of `revoked_app_passwords`. Fails if a column cannot be decoded.
pub(super) fn revoked_entry(row: &impl Columns) -> Result<RevokedEntry> {
    Ok(RevokedEntry {
        digest: digest_in(row)?,
        revoked_at: moment(row.number("revoked_at")?),
    })
}

/// Decodes rows of `revoked_keys`, in their order. Fails if a column cannot be decoded.
pub(crate) fn revoked_key_entries(rows: &[impl Columns]) -> Result<Vec<RevokedKeyEntry>> {
    rows.iter().map(revoked_key_entry).collect()
}

fn revoked_key_entry(row: &impl Columns) -> Result<RevokedKeyEntry> {
    Ok(RevokedKeyEntry {
        realm: row.text("realm")?,
        digest: stored_digest(row, "digest")?,
        revoked_at: moment(row.number("revoked_at")?),
    })
}
