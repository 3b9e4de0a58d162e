//! The directory file: users, organisations and keys as an operator writes them, in TOML or JSON.
//!
//! Secrets may be in clear text (`password`, `pass_code`, `code`, `key`) or as [`Directory::snapshot`] writes them
//! (`password_hash`, `pass_code_hash`, `code_digest`, `digest`).
//!
//! What a file does not set for an existing entry stays as it is; an empty text or list clears a value. New
//! entries get defaults. An export sets everything of its entries, and also records what was changed by other
//! means than an import (`set_here`, `imported`, `revoked_keys`, `revoked_app_passwords`, `erased_users`).

mod by_entry;
mod credentials;
mod csv_users;
mod debug;
mod digest_key_check;
mod error;
mod fields;
mod format;
pub(crate) mod import;
mod keycloak;
mod schema;
mod timestamp;
mod weak;

use std::path::Path;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::credentials::{NewAppPassword, NewCard, NewRecoveryCode};
pub use self::error::FileError;
pub use self::fields::{FIELDS, Mapping};
pub use self::format::FileFormat;
pub use self::import::{Import, Progress, import};
pub use self::schema::schema;
#[cfg(doc)]
use super::Directory;
use super::{Attributes, KeyDigest, Part, Patch, RevokedEntry, RevokedKeyEntry, SealedKey};

/// A directory file as parsed, not yet checked.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Organisations and their units.
    #[serde(default)]
    organisations: Vec<FileOrganisation>,
    /// Users.
    #[serde(default)]
    users: Vec<NewUser>,
    /// Keys of applications and services.
    #[serde(default)]
    keys: Vec<FileKey>,
    /// The digest keys of an export, each encrypted under a pepper.
    #[serde(default)]
    #[schemars(with = "Vec<schema::EncryptedKey>")]
    digest_keys: Vec<SealedKey>,
    #[serde(skip)]
    public_realms: Vec<&'static str>,
    #[serde(skip)]
    known_dialects: Option<Vec<&'static str>>,
    /// Keys to revoke. Later imports do not bring them back.
    #[serde(default)]
    #[schemars(with = "Vec<schema::RevokedKey>")]
    revoked_keys: Vec<RevokedKeyEntry>,
    /// Digests of users who were erased in the directory that wrote the file. Later imports do not bring them
    /// back.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    erased_users: Vec<KeyDigest>,
}

/// An organisation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileOrganisation {
    /// The organisation's GUID. A new organisation without one gets a random one.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    id: Option<Uuid>,
    /// The name, which also selects an existing organisation.
    name: String,
    /// The unit of logins that do not name one. An empty text removes it.
    default_unit: Option<String>,
    /// The units to add or rename. Those that are not listed stay.
    #[serde(default)]
    units: Vec<FileUnit>,
}

/// A unit of an organisation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileUnit {
    /// The identifier, unique over all organisations.
    id: String,
    /// The name.
    name: Option<String>,
}

/// A user as parsed, not yet checked. For an existing user, `None` means "unchanged".
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The user's GUID. Selects the existing user with this GUID, if there is one. A new user without one gets a
    /// random one.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub id: Option<Uuid>,
    /// The user's number. A new user without one gets the next free number.
    pub number: Option<i64>,
    /// The login name, which also selects an existing user.
    pub user_name: String,
    /// A second login name. An empty text removes it.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The URL of a picture.
    pub image_url: Option<String>,
    /// The language of e-mails to the user, such as `de` or `de-AT`. An empty text removes it.
    pub language: Option<String>,
    /// The name of a [`Role`](crate::Role). A new user without one gets the least powerful role.
    pub role: Option<String>,
    /// The organisation's name. Required for a new user.
    pub organisation: Option<String>,
    /// The unit of logins that do not name one; overrides the organisation's. An empty text removes it.
    pub default_unit: Option<String>,
    /// All further units that the user may log in to.
    pub units: Option<Vec<String>>,
    /// Whether the user may not log in. Default for a new user: false.
    pub disabled: Option<bool>,
    /// The password in clear text, or `none` for a user without one. A new user needs this, `password_hash`, or an
    /// authority.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// The password's hash, in any format that [`Passwords::verify`](crate::Passwords::verify) knows, or `none`.
    pub password_hash: Option<String>,
    /// The authority to which the user belongs. An empty text makes the user local.
    pub authority: Option<String>,
    /// The identifier of the user at the authority, as the authority spells it. An empty text removes it.
    pub external_id: Option<String>,
    /// Whether the user was adopted from the authority. Default for a new link: false.
    pub adopted: Option<bool>,
    /// When the authority last accepted the password of `password_hash`.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub accepted_at: Option<OffsetDateTime>,
    /// When the user last logged in; the later of this and the stored time is used.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_login_at: Option<OffsetDateTime>,
    /// SHA-256 digests of earlier hashes of the same password, which this hash has replaced.
    #[serde(default)]
    pub replaced_hashes: Vec<String>,
    /// The number of events that ended the user's tokens; the greater of this and the stored one is used. If this
    /// one is greater, the file is a later state of the same directory, and its password, state and second factor
    /// are taken.
    pub generation: Option<u32>,
    /// Whether values that the rules refuse are accepted. An export sets this for entries that are older than a
    /// rule.
    #[serde(default)]
    pub grandfathered: bool,
    /// The secret of the second factor in base32. An empty text switches the second factor off.
    #[schemars(with = "Option<String>")]
    pub totp_secret: Option<SecretString>,
    /// The complete list of recovery codes.
    pub recovery_codes: Option<Vec<NewRecoveryCode>>,
    /// The complete list of application passwords.
    pub app_passwords: Option<Vec<NewAppPassword>>,
    /// Application passwords to revoke. Later imports do not bring them back.
    #[serde(default)]
    #[schemars(with = "Vec<schema::Revoked>")]
    pub revoked_app_passwords: Vec<RevokedEntry>,
    /// The complete list of access cards: credentials other than the password.
    pub access_cards: Option<Vec<NewCard>>,
    /// The values that were not set by an import in the directory that wrote the file. Later imports keep them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub set_here: Vec<Part>,
    /// The last imported values of attributes that were changed since.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub imported: Attributes,
}

/// A key of an application or a service.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileKey {
    /// The realm in which the key is valid, such as a dialect, `introspection` or `admin`.
    realm: String,
    /// The operator's name for the key.
    label: Option<String>,
    /// The key in clear text. A key needs this or `digest`.
    #[schemars(with = "Option<String>")]
    key: Option<SecretString>,
    /// The digest of the key, as an export writes it.
    digest: Option<String>,
    /// Whether a guessable key is accepted.
    #[serde(default)]
    allow_weak: bool,
    /// The login name of the user as whom the key acts. An empty text removes it.
    user: Option<String>,
    /// The rights of the key; `["all"]` removes the restriction.
    scopes: Option<Vec<String>>,
    /// The dialects whose tokens the key may check; `["all"]` removes the restriction.
    dialects: Option<Vec<String>>,
    /// The audiences for which the key may get JWTs; `["all"]` removes the restriction.
    audiences: Option<Vec<String>>,
    /// When the key stops being valid. An empty text removes the end.
    #[serde(default, deserialize_with = "timestamp::or_empty")]
    #[schemars(with = "Option<String>")]
    expires_at: Patch<OffsetDateTime>,
}

impl File {
    /// Reads and parses a directory file: JSON if its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// If the file cannot be read or parsed.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|error| FileError::Read {
            path: path.to_owned(),
            error,
        })?;
        Self::parse(path, &text)
    }

    /// Parses the text of a directory file; `path` selects the format as in [`read`](Self::read) and appears in
    /// errors.
    ///
    /// # Errors
    /// If the text is not TOML or JSON of this structure; the error quotes no value.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        Self::parse_as(path, text, &FileFormat::of_directory_file(path))
    }

    fn parse_json(path: &Path, text: &str) -> Result<Self, FileError> {
        serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            let reason = format!("{place}: {}", without_values(&error.to_string()));
            with_others(path, reason, serde_json::from_str(text).ok().as_ref())
        })
    }

    fn parse_toml(path: &Path, text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let reason = format!("line {line}: {}", without_values(error.message()));
            with_others(path, reason, toml::from_str(text).ok().as_ref())
        })
    }
}

/// Returns the error of a file that cannot be parsed, with one line for the first reason, and one for each further entry
/// that has another structure than expected.
fn with_others(path: &Path, mut reason: String, file: Option<&serde_json::Value>) -> FileError {
    let problems = file.map(by_entry::problems).unwrap_or_default();
    for problem in problems.iter().skip(1) {
        reason.push('\n');
        reason.push_str(problem);
    }
    FileError::Syntax {
        path: path.to_owned(),
        reason,
    }
}

/// Returns a parser's message without the parts that may contain a value of the file, which may be a password.
fn without_values(message: &str) -> String {
    let about_names = [
        "unknown field",
        "missing field",
        "duplicate field",
        "duplicate key",
    ];
    if about_names.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => "not a directory file".to_owned(),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests;
