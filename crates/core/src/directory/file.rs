//! The directory file: users, organisations and keys as an operator writes them, in TOML or JSON.
//!
//! Secrets may stand in clear text (`password`, `pass_code`, `code`, `key`) or as
//! [`Directory::snapshot`] writes them (`password_hash`, `pass_code_hash`, `code_digest`, `digest`).
//!
//! What a file does not say of an entry that is there stays as it is; an empty text or list clears. New
//! entries get defaults. An export says everything of its entries, and what of them was set by other means
//! than an import (`set_here`, `imported`, `revoked_keys`, `revoked_app_passwords`, `erased_users`).

mod debug;
mod error;
mod keyed;
mod moment;
pub(crate) mod seal;
mod weak;

use std::path::Path;

use secrecy::SecretString;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::error::FileError;
pub use self::seal::{Import, Progress, import};
#[cfg(doc)]
use super::Directory;
use super::{Attributes, KeyDigest, Part, Patch, RevokedEntry, RevokedKeyEntry, SealedKey};

/// A directory file as written, unchecked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    organisations: Vec<FileOrganisation>,
    #[serde(default)]
    users: Vec<NewUser>,
    #[serde(default)]
    keys: Vec<FileKey>,
    #[serde(default)]
    digest_keys: Vec<SealedKey>,
    #[serde(skip)]
    public_realms: Vec<&'static str>,
    /// Keys that end, and that no later import brings back.
    #[serde(default)]
    revoked_keys: Vec<RevokedKeyEntry>,
    /// What is left of users who were erased where the file comes from. No later import brings them back.
    #[serde(default)]
    erased_users: Vec<KeyDigest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOrganisation {
    id: Option<Uuid>,
    name: String,
    default_unit: Option<String>,
    #[serde(default)]
    units: Vec<FileUnit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileUnit {
    id: String,
    name: Option<String>,
}

/// A user as written, unchecked. Of a user who is there, what is none stays as it is.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// A GUID; made up for a new user if none is given. The user of that GUID is meant, if there is one.
    pub id: Option<Uuid>,
    /// A number; the next free one for a new user if none is given.
    pub number: Option<i64>,
    /// The name to log in by, and the name by which a user who is there already is known.
    pub user_name: String,
    /// Another name to log in by. An empty text removes it.
    pub email: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Address of a picture.
    pub image_url: Option<String>,
    /// The name of a [`Role`](crate::Role); the least of them for a new user if none is given.
    pub role: Option<String>,
    /// An organisation's name. A new user needs one.
    pub organisation: Option<String>,
    /// The unit of logins that name none, instead of the organisation's. An empty text removes it.
    pub default_unit: Option<String>,
    /// All further units to log in to.
    pub units: Option<Vec<String>>,
    /// Whether the user may not log in. A new user may.
    pub disabled: Option<bool>,
    /// The password in clear text. A new user needs it or its hash.
    pub password: Option<SecretString>,
    /// The password's hash, in any format that [`Passwords::verify`](crate::Passwords::verify) knows.
    pub password_hash: Option<String>,
    /// SHA-256 digests of other hashes of the same password, which it has replaced.
    #[serde(default)]
    pub replaced_hashes: Vec<String>,
    /// Counts what ended the user's tokens; the greater of this and what is there counts. Where this is
    /// the greater one, the file is of a later state of the same directory, and its password, state and
    /// second factor are taken.
    pub generation: Option<u32>,
    /// Whether values that the rules refuse are taken: an export says so of entries that are older than a rule.
    #[serde(default)]
    pub grandfathered: bool,
    /// The second factor's secret, base32. An empty text switches it off.
    pub totp_secret: Option<SecretString>,
    /// All recovery codes.
    pub recovery_codes: Option<Vec<NewRecoveryCode>>,
    /// All application passwords.
    pub app_passwords: Option<Vec<NewAppPassword>>,
    /// Application passwords that end, and that no later import brings back.
    #[serde(default)]
    pub revoked_app_passwords: Vec<RevokedEntry>,
    /// All credentials other than the password.
    pub access_cards: Option<Vec<NewCard>>,
    /// What was not set by an import where the file comes from. A later import keeps it.
    #[serde(default)]
    pub set_here: Vec<Part>,
    /// What an import last said of attributes that were changed since.
    #[serde(default)]
    pub imported: Attributes,
}

/// A recovery code as written, unchecked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRecoveryCode {
    /// Its SHA-256 digest.
    pub digest: String,
    /// Whether it was used.
    #[serde(default)]
    pub spent: bool,
}

/// An application password as written, unchecked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAppPassword {
    /// Its SHA-256 digest.
    pub digest: String,
    /// The dialect that it opens.
    pub dialect: String,
    /// What it is for.
    #[serde(default)]
    pub label: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Whether it was not brought by an import where the file comes from.
    #[serde(default)]
    pub set_here: bool,
}

/// An access card as written, unchecked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// A code, which is all that is needed to log in.
    pub code: Option<SecretString>,
    /// The code's digest, as [`KeyDigest::read`](super::KeyDigest::read) takes it.
    pub code_digest: Option<String>,
    /// Whether a code may be one that can be guessed.
    #[serde(default)]
    pub allow_weak: bool,
    /// An identifier, to be followed by the pass code.
    pub identifier: Option<String>,
    /// The pass code in clear text.
    pub pass_code: Option<SecretString>,
    /// The pass code's hash, in any such format.
    pub pass_code_hash: Option<String>,
    /// Whether the card can be used. A new one can.
    pub effective: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    realm: String,
    label: Option<String>,
    key: Option<SecretString>,
    digest: Option<String>,
    #[serde(default)]
    allow_weak: bool,
    user: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "moment::or_empty")]
    expires_at: Patch<OffsetDateTime>,
}

impl File {
    /// Reads a file: JSON if its name ends in `.json`, TOML otherwise.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|error| FileError::Read {
            path: path.to_owned(),
            error,
        })?;
        Self::parse(path, &text)
    }

    /// Reads a file's text; `path` says which format it is in.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let parsed = if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            serde_json::from_str(text).map_err(|error| {
                let place = format!("line {}, column {}", error.line(), error.column());
                format!("{place}: {}", without_values(&error.to_string()))
            })
        } else {
            toml::from_str(text).map_err(|error| {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                format!("line {line}: {}", without_values(error.message()))
            })
        };
        parsed.map_err(|reason| FileError::Syntax {
            path: path.to_owned(),
            reason,
        })
    }
}

/// A parser's message, cut down to what cannot hold a value of the file: it may be a password.
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
mod tests {
    use super::*;

    fn refusal(name: &str, text: &str) -> String {
        File::parse(Path::new(name), text).unwrap_err().to_string()
    }

    #[test]
    fn the_place_and_the_expectation_are_told_and_no_value() {
        assert_eq!(
            refusal("d.toml", "[[users]]\nuser_name = \"a\"\npassword = 4711\n"),
            "d.toml: line 3: expected a string"
        );
        assert_eq!(
            refusal(
                "d.json",
                r#"{"users": [{"user_name": "a", "password": 4711}]}"#
            ),
            "d.json: line 1, column 46: expected a string at line 1 column 46"
        );
        let unknown = refusal("d.toml", "[[users]]\npasswrd = \"hush-hush\"\n");
        assert!(
            unknown.starts_with("d.toml: line 2: unknown field `passwrd`, expected"),
            "{unknown}"
        );
        assert!(!unknown.contains("hush"));
        let broken = refusal("d.toml", "[[users]]\npassword = \"hush-hush\n");
        assert!(!broken.contains("hush"), "{broken}");
    }
}
