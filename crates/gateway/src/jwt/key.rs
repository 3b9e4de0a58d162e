//! The key pairs that sign JWTs.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use rustls::pki_types::PrivateKeyDer;
use thiserror::Error;

use super::public_key::PublicKey;
use crate::config::JwtAlgorithm;

/// The reason why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum UnusableKey {
    /// An RSA key with a short modulus, as RFC 7518, section 3.3, forbids.
    #[error("the RSA key is too short, expected one of 2048 to 8192 bits")]
    Weak,
    /// A key of another kind, or damaged.
    #[error("expected a key of RSA, of the curve P-256, or Ed25519")]
    Unsupported,
    /// The library cannot make a key.
    #[error("no key can be made")]
    NotMade,
}

/// A key pair that signs JWTs.
pub(super) struct SigningKey {
    pair: Pair,
    public: Arc<PublicKey>,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a random key for an algorithm. Takes up to a second for RSA. Fails if the library cannot make one.
    pub(super) fn generate(algorithm: JwtAlgorithm) -> Result<Self, UnusableKey> {
        let made = |_: Unspecified| UnusableKey::NotMade;
        match algorithm {
            JwtAlgorithm::Rs256 => {
                Self::rsa(rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(made)?)
            }
            JwtAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                Self::ecdsa(pair.map_err(made)?)
            }
            JwtAlgorithm::EdDsa => Self::ed25519(Ed25519KeyPair::generate().map_err(made)?),
        }
    }

    /// Returns the Ed25519 key of a seed of 32 bytes. Fails for a seed of another length.
    pub(super) fn from_seed(seed: &[u8]) -> Result<Self, UnusableKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self::ed25519(pair.map_err(|_| UnusableKey::Unsupported)?)
    }

    /// Returns the key in that encoding. Fails if it is of another kind, or weak.
    pub(super) fn from_der(key: &PrivateKeyDer<'_>) -> Result<Self, UnusableKey> {
        match key {
            PrivateKeyDer::Pkcs8(key) => Self::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => {
                let pair = rsa::KeyPair::from_der(key.secret_pkcs1_der());
                Self::rsa(pair.map_err(rejected)?)
            }
            PrivateKeyDer::Sec1(key) => Self::from_ecdsa_der(key.secret_sec1_der()),
            _ => Err(UnusableKey::Unsupported),
        }
    }

    /// Returns the key in PKCS#8. Fails if it is of another kind, or weak.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, UnusableKey> {
        match rsa::KeyPair::from_pkcs8(der).map_err(rejected) {
            Ok(pair) => return Self::rsa(pair),
            Err(UnusableKey::Weak) => return Err(UnusableKey::Weak),
            Err(UnusableKey::Unsupported | UnusableKey::NotMade) => {}
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            return Self::ed25519(pair);
        }
        Self::from_ecdsa_der(der)
    }

    fn from_ecdsa_der(der: &[u8]) -> Result<Self, UnusableKey> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        Self::ecdsa(pair.map_err(|_| UnusableKey::Unsupported)?)
    }

    fn rsa(pair: rsa::KeyPair) -> Result<Self, UnusableKey> {
        let public = Arc::new(PublicKey::rsa(pair.public_key())?);
        let pair = Pair::Rsa(pair);
        Ok(Self { pair, public })
    }

    fn ecdsa(pair: EcdsaKeyPair) -> Result<Self, UnusableKey> {
        let public = Arc::new(PublicKey::p256(pair.public_key().as_ref())?);
        let pair = Pair::Ecdsa(pair);
        Ok(Self { pair, public })
    }

    fn ed25519(pair: Ed25519KeyPair) -> Result<Self, UnusableKey> {
        let public = Arc::new(PublicKey::ed25519(pair.public_key().as_ref())?);
        let pair = Pair::Ed25519(pair);
        Ok(Self { pair, public })
    }

    /// Returns the public half.
    pub(super) fn public(&self) -> &Arc<PublicKey> {
        &self.public
    }

    /// Calls `with` with the private key in PKCS#8, and returns the result. Fails if the library cannot encode the
    /// key.
    pub(super) fn with_pkcs8<T>(&self, with: impl FnOnce(&[u8]) -> T) -> Result<T, Unspecified> {
        Ok(match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'static> = pair.as_der()?;
                with(der.as_ref())
            }
            Pair::Ecdsa(pair) => with(pair.to_pkcs8v1()?.as_ref()),
            Pair::Ed25519(pair) => with(pair.to_pkcs8v1()?.as_ref()),
        })
    }

    /// Returns the signature of a message. Fails if the library cannot compute it.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

/// Returns the reason why the library rejected an RSA key.
fn rejected(error: KeyRejected) -> UnusableKey {
    // The library has no other way to tell.
    match error.to_string().as_str() {
        "TooSmall" | "TooLarge" => UnusableKey::Weak,
        _ => UnusableKey::Unsupported,
    }
}
