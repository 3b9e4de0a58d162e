//! JWTs for services.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::backend_url::file_exists;
use super::error::ConfigError;
use super::redact::masked;
use super::secret_file::read_secret;

/// The fewest bytes that the secret may have.
const MIN_BYTES: usize = 32;

/// JWTs, which services check offline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// Whether JWTs are issued.
    pub enabled: bool,
    /// The issuer, claim `iss`: usually a URL.
    pub issuer: String,
    /// The default audience, claim `aud`.
    pub audience: String,
    /// Further audiences that a service may request.
    pub audiences: Vec<String>,
    /// How long a JWT is valid at most.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"), extend("x-maximum" = "365days"))]
    pub lifetime: Duration,
    /// How long a key signs.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "2s"))]
    pub key_lifetime: Duration,
    /// The secret from which all keys are derived, at least 32 bytes.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub secret: Option<SecretString>,
    /// The file with the secret; it is created if it is missing.
    pub secret_file: PathBuf,
    /// The previous secret, whose public keys are still served.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub previous_secret: Option<SecretString>,
    /// A file with the previous secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_secret_file: Option<PathBuf>,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            enabled: false,
            issuer: String::new(),
            audience: String::new(),
            audiences: Vec::new(),
            lifetime: Duration::from_mins(5),
            key_lifetime: Duration::from_hours(30 * 24),
            secret: None,
            secret_file: "data/jwt-secret".into(),
            previous_secret: None,
            previous_secret_file: None,
        }
    }
}

impl Jwt {
    /// Fails if the settings contradict each other, or a secret is too short or cannot be read.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let problem = |key: &str, reason: &str| Err(ConfigError::new(format!("jwt.{key}"), reason));
        if self.key_lifetime < self.lifetime * 2 {
            return problem("key_lifetime", "expected at least twice jwt.lifetime");
        }
        self.read_secrets()?;
        if !self.enabled {
            return Ok(());
        }
        if !is_string_or_uri(&self.issuer) {
            return problem(
                "issuer",
                "expected an address like https://login.example.com",
            );
        }
        if !is_string_or_uri(&self.audience) {
            return problem(
                "audience",
                "expected the name by which the services identify themselves",
            );
        }
        if !self.audiences.iter().all(|name| is_string_or_uri(name)) {
            return problem(
                "audiences",
                "expected the names by which the services identify themselves",
            );
        }
        Ok(())
    }

    /// Returns the current secret and the previous one; the current one is `None` if its file does not exist
    /// yet. Fails if a secret is too short or cannot be read.
    pub(crate) fn read_secrets(
        &self,
    ) -> Result<(Option<SecretString>, Option<SecretString>), ConfigError> {
        let file = match &self.secret {
            Some(_) => None,
            None => file_exists("jwt.secret_file", &self.secret_file)?.then_some(&self.secret_file),
        };
        let secret = read("jwt.secret", self.secret.as_ref(), file)?;
        let file = self.previous_secret_file.as_ref();
        let previous = read("jwt.previous_secret", self.previous_secret.as_ref(), file)?;
        Ok((secret, previous))
    }
}

/// Returns whether the text can be an issuer or an audience: a text with a colon must be a URI (RFC 7519,
/// section 2).
fn is_string_or_uri(text: &str) -> bool {
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_plain = !text.is_empty() && !text.contains(':');
    is_clean && (is_plain || Url::parse(text).is_ok())
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
