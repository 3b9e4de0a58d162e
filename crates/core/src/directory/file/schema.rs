//! The JSON Schema of directory files, derived from what reads them.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::File;

/// Returns the JSON Schema of directory files, in TOML and JSON.
pub fn schema() -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "Directory file of Isogloss".into());
    schema.to_value()
}

/// A revoked application password, as an export writes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Revoked {
    /// The digest.
    #[expect(dead_code, reason = "it is only described")]
    digest: String,
    /// When it was revoked.
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "it is only described")]
    revoked_at: String,
}

/// A revoked key, as an export writes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct RevokedKey {
    /// The realm in which it was valid.
    #[expect(dead_code, reason = "it is only described")]
    realm: String,
    /// The digest.
    #[expect(dead_code, reason = "it is only described")]
    digest: String,
    /// When it was revoked.
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "it is only described")]
    revoked_at: String,
}

/// A digest key that is encrypted under a pepper, as an export writes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct EncryptedKey {
    /// The identifier.
    #[expect(dead_code, reason = "it is only described")]
    id: String,
    /// The name of the pepper that opens it.
    #[expect(dead_code, reason = "it is only described")]
    pepper: String,
    /// The nonce and the encrypted key, in hexadecimal.
    #[expect(dead_code, reason = "it is only described")]
    sealed: String,
    /// When the key was created.
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "it is only described")]
    made_at: String,
    /// The time from which new digests are stored under it.
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "it is only described")]
    used_from: String,
    /// When it was encrypted under that pepper.
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "it is only described")]
    sealed_at: String,
}
