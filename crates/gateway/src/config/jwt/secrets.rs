//! The secrets of JWTs, from the configuration or from files.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::Jwt;
use crate::config::ConfigError;
use crate::config::backend_url::file_exists;
use crate::config::secret_file::read_secret;

/// The fewest bytes that a secret may have.
const MIN_BYTES: usize = 32;

/// The secrets of JWTs.
pub(crate) struct JwtSecrets {
    /// The secret whose keys sign. `None` if its file does not exist yet.
    pub(crate) current: Option<SecretString>,
    /// The secret before, whose keys are still published.
    pub(crate) previous: Option<SecretString>,
    /// The next secret, whose keys are published already.
    pub(crate) next: Option<SecretString>,
}

impl Jwt {
    /// Returns all secrets. Fails if one is too short or cannot be read.
    pub(crate) fn read_secrets(&self) -> Result<JwtSecrets, ConfigError> {
        let file = match &self.secret {
            Some(_) => None,
            None => file_exists("jwt.secret_file", &self.secret_file)?.then_some(&self.secret_file),
        };
        let (previous, previous_file) = (&self.previous_secret, &self.previous_secret_file);
        let (next, next_file) = (&self.next_secret, &self.next_secret_file);
        Ok(JwtSecrets {
            current: read("jwt.secret", self.secret.as_ref(), file)?,
            previous: read(
                "jwt.previous_secret",
                previous.as_ref(),
                previous_file.as_ref(),
            )?,
            next: read("jwt.next_secret", next.as_ref(), next_file.as_ref())?,
        })
    }
}

/// Returns the secret of the setting `key`, or of its file; `None` if there is neither. Fails if the secret is
/// too short or the file cannot be read.
fn read(
    key: &str,
    secret: Option<&SecretString>,
    file: Option<&PathBuf>,
) -> Result<Option<SecretString>, ConfigError> {
    let (key, secret) = match (secret, file) {
        (Some(secret), _) => (key.to_owned(), secret.clone()),
        (None, Some(file)) => {
            let key = format!("{key}_file");
            let secret = read_secret(&key, file)?;
            (key, secret)
        }
        (None, None) => return Ok(None),
    };
    if secret.expose_secret().len() < MIN_BYTES {
        let reason = format!("expected at least {MIN_BYTES} bytes");
        return Err(ConfigError::new(key, reason));
    }
    Ok(Some(secret))
}
