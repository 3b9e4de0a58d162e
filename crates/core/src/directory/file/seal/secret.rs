//! Passwords and pass codes of a directory file: hashed, unless they fit what is stored.

use secrecy::SecretString;

use super::super::FileError;
use crate::error::StoreError;
use crate::password::{PasswordError, Passwords};

/// A password or pass code, as the file and the directory have it.
pub(super) struct Secret<'a> {
    pub(super) clear: Option<SecretString>,
    pub(super) hashed: Option<String>,
    pub(super) known: Option<&'a str>,
}

pub(super) async fn seal_secret(
    entry: &str,
    field: &str,
    secret: Secret<'_>,
    passwords: &Passwords,
) -> Result<String, FileError> {
    let wrong = |reason: String| FileError::Entry {
        entry: entry.to_owned(),
        reason,
    };
    match (secret.clear, secret.hashed, secret.known) {
        (Some(_), Some(_), _) => Err(wrong(format!("has both {field} and {field}_hash"))),
        (None, Some(hash), _) => match passwords.check_hash(&hash) {
            Ok(()) => Ok(hash),
            Err(reason) => Err(wrong(format!("{field}_hash {reason}"))),
        },
        (None, None, Some(known)) => Ok(known.to_owned()),
        (None, None, None) => Err(wrong(format!("needs {field} or {field}_hash"))),
        (Some(clear), None, known) => {
            if let Some(known) = known.filter(|known| passwords.is_current(known)) {
                let fits = passwords
                    .verify(clear.clone(), Some(known.to_owned()))
                    .await;
                if fits.map_err(|error| StoreError::new("password hashing", error))? {
                    return Ok(known.to_owned());
                }
            }
            passwords.hash(clear).await.map_err(|error| match error {
                PasswordError::Auth(error) => {
                    FileError::Unavailable(StoreError::new("password hashing", error))
                }
                error @ (PasswordError::Empty
                | PasswordError::TooLong
                | PasswordError::Nul
                | PasswordError::Bcrypt(_)) => FileError::Password {
                    entry: format!("{entry}, {field}"),
                    error,
                },
            })
        }
    }
}
