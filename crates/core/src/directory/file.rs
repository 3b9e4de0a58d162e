//! The directory file: users, organisations and keys as an operator writes them, in TOML or JSON.
//!
//! Secrets may stand in clear text (`password`, `pass_code`, `code`, `key`) or as
//! [`Directory::snapshot`] writes them (`password_hash`, `pass_code_hash`, `code_digest`, `digest`).
//!
//! Of a user who is there, a file that says nothing of the password, the second factor or
//! application passwords leaves them alone.

mod debug;
mod keyed;
mod seal;
mod weak;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

#[cfg(fuzzing)]
pub(crate) use self::seal::seal;
pub use self::seal::{Progress, import};
#[cfg(doc)]
use super::Directory;
use super::SealedKey;
use crate::error::StoreError;
use crate::password::PasswordError;

/// Why a directory file was not applied. Nothing of it was.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read from the disk.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not TOML or JSON of this shape. Says where, and never quotes a value.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected.
        reason: String,
    },
    /// An entry makes no sense.
    #[error("{entry}: {reason}")]
    Entry {
        /// Which one.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A password or pass code cannot be set.
    #[error("{entry}: {error}")]
    Password {
        /// Whose.
        entry: String,
        /// Why.
        error: PasswordError,
    },
    /// The directory could not be asked.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

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
    #[serde(default)]
    name: String,
}

/// A user as written, unchecked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// A GUID; made up for a new user if none is given.
    pub id: Option<Uuid>,
    /// A number; the next free one for a new user if none is given.
    pub number: Option<i64>,
    /// The name to log in by, and the name by which a user who is there already is known.
    pub user_name: String,
    /// Another name to log in by.
    pub email: Option<String>,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Address of a picture.
    #[serde(default)]
    pub image_url: String,
    /// The name of a [`Role`](crate::Role); the least of them if none is given.
    pub role: Option<String>,
    /// An organisation's name.
    pub organisation: String,
    /// The unit of logins that name none, instead of the organisation's.
    pub default_unit: Option<String>,
    /// Further units to log in to.
    #[serde(default)]
    pub units: Vec<String>,
    /// Whether the user may not log in.
    #[serde(default)]
    pub disabled: bool,
    /// The password in clear text.
    pub password: Option<SecretString>,
    /// The password's hash, in any format that [`Passwords::verify`](crate::Passwords::verify) knows.
    pub password_hash: Option<String>,
    /// Counts what ended the user's tokens; the greater of this and what is there counts.
    pub generation: Option<u32>,
    /// The second factor's secret, base32. If none is given, it stays as it is; an empty text
    /// switches it off.
    pub totp_secret: Option<SecretString>,
    /// The recovery codes. If none are given, they stay as they are.
    pub recovery_codes: Option<Vec<NewRecoveryCode>>,
    /// All application passwords. If none are given, they stay as they are.
    pub app_passwords: Option<Vec<NewAppPassword>>,
    /// Credentials other than the password.
    #[serde(default)]
    pub access_cards: Vec<NewCard>,
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
    /// Whether the card can be used.
    #[serde(default = "effective")]
    pub effective: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    realm: String,
    #[serde(default)]
    label: String,
    key: Option<SecretString>,
    digest: Option<String>,
    #[serde(default)]
    allow_weak: bool,
    user: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

const fn effective() -> bool {
    true
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
