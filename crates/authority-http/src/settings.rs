//! Where the web hook is, and how requests are signed.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use isogloss_authority::{TlsError, TlsSettings, UrlError};
use secrecy::SecretString;
use thiserror::Error;
use url::Url;

/// The settings of a web hook.
pub struct HookSettings {
    /// The address that gets the requests.
    pub url: Url,
    /// The secret that signs requests: base64, which may follow `whsec_`.
    pub secret: SecretString,
    /// Certificates (PEM) of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate (PEM) by which we identify ourselves.
    pub client_certificate_file: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    pub client_key_file: Option<PathBuf>,
    /// Whether requests may cross a network without TLS.
    pub allow_plain: bool,
    /// How long a judgement may take.
    pub timeout: Duration,
}

impl HookSettings {
    /// Returns the files of TLS.
    pub(crate) fn tls(&self) -> TlsSettings {
        TlsSettings {
            ca_file: self.ca_file.clone(),
            client_certificate_file: self.client_certificate_file.clone(),
            client_key_file: self.client_key_file.clone(),
        }
    }
}

impl fmt::Debug for HookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSettings(…)")
    }
}

/// Why a web hook cannot be used as it is configured. Each message begins with the name of a setting.
#[derive(Debug, Error)]
pub enum HookSettingsError {
    /// The address is not permitted.
    #[error("url: {0}")]
    Url(#[from] UrlError),
    /// The secret is not valid.
    #[error(
        "secret: expected whsec_ and the base64 of 24 to 64 random bytes, which `openssl rand -base64 32` makes"
    )]
    Secret,
    /// A file cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
