//! Credentials of users in a directory file.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use time::OffsetDateTime;

/// A recovery code as parsed, not yet checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecoveryCode {
    /// The SHA-256 digest, in hexadecimal.
    pub digest: String,
    /// Whether the code was used.
    #[serde(default)]
    pub spent: bool,
}

/// An application password as parsed, not yet checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAppPassword {
    /// The SHA-256 digest, in hexadecimal.
    pub digest: String,
    /// The dialect that it is valid for.
    pub dialect: String,
    /// A label that says what it is for.
    #[serde(default)]
    pub label: String,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub made_at: OffsetDateTime,
    /// Whether it was created by other means than an import, in the directory that wrote the file.
    #[serde(default)]
    pub set_here: bool,
}

/// An access card as parsed, not yet checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// The code, which alone is enough to log in.
    #[schemars(with = "Option<String>")]
    pub code: Option<SecretString>,
    /// The digest of the code, in the format of [`KeyDigest::parse`](crate::directory::KeyDigest::parse).
    pub code_digest: Option<String>,
    /// Whether a guessable code is accepted.
    #[serde(default)]
    pub allow_weak: bool,
    /// The identifier. A login also needs the pass code.
    pub identifier: Option<String>,
    /// The pass code in clear text.
    #[schemars(with = "Option<String>")]
    pub pass_code: Option<SecretString>,
    /// The pass code's hash, in any format that [`Passwords::verify`](crate::Passwords::verify) knows.
    pub pass_code_hash: Option<String>,
    /// Whether the card can be used. Default for a new card: true.
    pub effective: Option<bool>,
}
