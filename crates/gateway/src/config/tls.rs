//! The tables `server.tls` and `management.tls`: by which certificate a listener speaks TLS.

mod key_material;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::key_material::KeyMaterial;
use super::ConfigError;

/// The files for TLS of a listener. They are read again when they change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate as PEM, followed by the intermediate certificates.
    pub certificate_file: PathBuf,
    /// The private key of the certificate as PEM.
    pub key_file: PathBuf,
    /// Certificates (PEM) of authorities. With this setting, clients must present a certificate from one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<PathBuf>,
}

impl Tls {
    /// Fails if one of the files cannot be used.
    pub(super) fn check(&self, section: &str) -> Result<(), ConfigError> {
        KeyMaterial::read(section, self).map(drop)
    }
}
