//! The algorithms that sign JWTs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signature algorithm of RFC 7518 or RFC 8037. Each has one kind of key.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum JwtAlgorithm {
    /// RSA keys of 2048 bits, which every library reads.
    #[serde(rename = "RS256")]
    Rs256,
    /// Keys of the curve P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Keys of the curve Ed25519, which many libraries and proxies cannot read.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl JwtAlgorithm {
    /// Returns the registered name, as in the header parameter `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the algorithm of that registered name, or `None` if it is none of these.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Rs256, Self::Es256, Self::EdDsa];
        all.into_iter().find(|one| one.name() == name)
    }
}
