//! JWTs for services.

mod algorithm;
mod secrets;

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::algorithm::JwtAlgorithm;
pub(crate) use self::secrets::JwtSecrets;
use super::error::ConfigError;
use super::redact::masked;
use crate::jwt::KeyFiles;

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
    /// What signs JWTs, and so the kind of the published keys.
    pub algorithm: JwtAlgorithm,
    /// Further algorithms whose keys are published, but do not sign. Only for the time of a change: with several
    /// kinds of keys, some libraries cannot read the key set.
    pub also_publish: Vec<JwtAlgorithm>,
    /// How long a JWT is valid at most.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"), extend("x-maximum" = "365days"))]
    pub lifetime: Duration,
    /// How long a key signs.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1day"))]
    pub key_lifetime: Duration,
    /// Files with private keys (PEM), for keys that the gateway does not make itself. The first one signs; the public
    /// keys of all are published.
    pub key_files: Vec<PathBuf>,
    /// Files with keys (PEM) that will sign next: private or public keys, of which only the public ones are published.
    pub next_key_files: Vec<PathBuf>,
    /// The secret that protects all keys which the gateway makes, at least 32 bytes.
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
    /// The next secret, whose public keys are served already.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_secret: Option<SecretString>,
    /// A file with the next secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_secret_file: Option<PathBuf>,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            enabled: false,
            issuer: String::new(),
            audience: String::new(),
            audiences: Vec::new(),
            algorithm: JwtAlgorithm::Rs256,
            also_publish: Vec::new(),
            lifetime: Duration::from_mins(5),
            key_lifetime: Duration::from_hours(30 * 24),
            key_files: Vec::new(),
            next_key_files: Vec::new(),
            secret: None,
            secret_file: "data/jwt-secret".into(),
            previous_secret: None,
            previous_secret_file: None,
            next_secret: None,
            next_secret_file: None,
        }
    }
}

impl Jwt {
    /// Returns the algorithms of the keys that the gateway makes itself, the one that signs first.
    pub(crate) fn made_algorithms(&self) -> Vec<JwtAlgorithm> {
        let signing = Some(self.algorithm).filter(|_| self.key_files.is_empty());
        let mut all = Vec::new();
        for one in signing.into_iter().chain(self.also_publish.iter().copied()) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    /// Fails if the settings contradict each other, a secret is too short, or a secret or key cannot be read.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let problem = |key: &str, reason: &str| Err(ConfigError::new(format!("jwt.{key}"), reason));
        if self.key_lifetime < self.lifetime * 2 {
            return problem("key_lifetime", "expected at least twice jwt.lifetime");
        }
        if self.key_files.is_empty() && self.also_publish.contains(&self.algorithm) {
            return problem(
                "also_publish",
                "expected algorithms other than jwt.algorithm, whose keys are published anyway",
            );
        }
        self.read_secrets()?;
        KeyFiles::read(self)?;
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
}

/// Returns whether the text can be an issuer or an audience: a text with a colon must be a URI (RFC 7519,
/// section 2).
fn is_string_or_uri(text: &str) -> bool {
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_plain = !text.is_empty() && !text.contains(':');
    is_clean && (is_plain || Url::parse(text).is_ok())
}
