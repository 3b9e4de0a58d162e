//! `[authorities.http]`: a web hook.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use isogloss_authority_http::{HookAuthority, HookSettings};
use isogloss_core::authority::Authority;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::constructed::{address, problem, secret};
use crate::config::ConfigError;
use crate::config::redact::masked;

/// A service of your own, which gets each login as a signed request.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpTable {
    /// The address that gets the requests: `https://host[:port]/path`.
    pub url: String,
    /// The secret that signs requests.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub secret: Option<SecretString>,
    /// A file with the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Certificates (PEM) of the authorities to trust for the service, instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The certificate (PEM) by which the gateway identifies itself to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_file: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key_file: Option<PathBuf>,
    /// Whether passwords may cross a network without TLS. Loopback addresses need no permission.
    pub allow_plain: bool,
}

impl HttpTable {
    /// Builds the authority. Fails if a setting is invalid or a file cannot be used.
    pub(super) fn open(
        &self,
        section: &str,
        timeout: Duration,
    ) -> Result<Arc<dyn Authority>, ConfigError> {
        let url = format!("{section}.url");
        let url = address(&url, &self.url, "expected https://host[:port]/path")?;
        let (text, file) = (self.secret.as_ref(), self.secret_file.as_ref());
        let secret = secret(section, "secret", text, file)?.ok_or_else(|| {
            let reason = "missing, expected the secret that signs requests, or secret_file";
            ConfigError::new(format!("{section}.secret"), reason)
        })?;
        let settings = HookSettings {
            url,
            secret,
            ca_file: self.ca_file.clone(),
            client_certificate_file: self.client_certificate_file.clone(),
            client_key_file: self.client_key_file.clone(),
            allow_plain: self.allow_plain,
            timeout,
        };
        let authority = HookAuthority::new(settings).map_err(|error| problem(section, error))?;
        Ok(Arc::new(authority))
    }

    /// Returns the files that the table names.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let identity = [&self.client_certificate_file, &self.client_key_file];
        let secret = self.secret_file.iter().chain(&self.ca_file);
        secret.chain(identity.into_iter().flatten())
    }
}
