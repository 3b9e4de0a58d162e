//! The public keys that verify JWTs.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::key::UnusableKey;
use crate::config::JwtAlgorithm;

/// Bytes of an uncompressed point of P-256, and of the encoding of a public key that ends with it.
const POINT: usize = 65;
const POINT_AS_DER: usize = 91;
/// Bytes of a public key of Ed25519.
const ED25519_BYTES: usize = 32;

/// The public half of a key.
pub(super) struct PublicKey {
    algorithm: JwtAlgorithm,
    id: String,
    jwk: Value,
    verifier: ParsedPublicKey,
}

impl PublicKey {
    /// Returns the public key in a `SubjectPublicKeyInfo` (RFC 5280). Fails if it is of another kind, or weak.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, UnusableKey> {
        if let Ok(key) = rsa::PublicKey::from_der(der) {
            return Self::rsa(&key);
        }
        if let Ok(key) = parsed(&ED25519, der)
            && let Some((_, key)) = spki(&key)?.split_last_chunk::<ED25519_BYTES>()
        {
            return Self::ed25519(key);
        }
        let key = spki(&parsed(&ECDSA_P256_SHA256_FIXED, der)?)?;
        match key.split_last_chunk::<POINT>() {
            Some((_, point)) if key.len() == POINT_AS_DER => Self::p256(point),
            Some(_) | None => Err(UnusableKey::Unsupported),
        }
    }

    /// Returns the public key of an RSA key. Fails if its modulus is too short or too long.
    pub(super) fn rsa(key: &rsa::PublicKey) -> Result<Self, UnusableKey> {
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(key);
        let is_long_enough = n.len() > 256 || (n.len() == 256 && n.first() >= Some(&0x80));
        if !is_long_enough || n.len() > 1024 {
            return Err(UnusableKey::Weak);
        }
        let verifier = parsed(&RSA_PKCS1_2048_8192_SHA256, key.as_ref())?;
        let members = [
            ("kty", "RSA".to_owned()),
            ("n", BASE64URL_NOPAD.encode(&n)),
            ("e", BASE64URL_NOPAD.encode(&e)),
        ];
        Ok(Self::new(JwtAlgorithm::Rs256, members, verifier))
    }

    /// Returns the public key of an uncompressed point of P-256. Fails for other bytes.
    pub(super) fn p256(point: &[u8]) -> Result<Self, UnusableKey> {
        let verifier = parsed(&ECDSA_P256_SHA256_FIXED, point)?;
        let coordinates = point.strip_prefix(&[4]).filter(|both| both.len() == 64);
        let (x, y) = coordinates.ok_or(UnusableKey::Unsupported)?.split_at(32);
        let members = [
            ("kty", "EC".to_owned()),
            ("crv", "P-256".to_owned()),
            ("x", BASE64URL_NOPAD.encode(x)),
            ("y", BASE64URL_NOPAD.encode(y)),
        ];
        Ok(Self::new(JwtAlgorithm::Es256, members, verifier))
    }

    /// Returns the public key of these bytes of Ed25519. Fails for another length.
    pub(super) fn ed25519(key: &[u8]) -> Result<Self, UnusableKey> {
        let verifier = parsed(&ED25519, key)?;
        let members = [
            ("kty", "OKP".to_owned()),
            ("crv", "Ed25519".to_owned()),
            ("x", BASE64URL_NOPAD.encode(key)),
        ];
        Ok(Self::new(JwtAlgorithm::EdDsa, members, verifier))
    }

    /// Returns the key with these members of a JWK, which are those that its thumbprint needs.
    fn new<const N: usize>(
        algorithm: JwtAlgorithm,
        members: [(&'static str, String); N],
        verifier: ParsedPublicKey,
    ) -> Self {
        // The thumbprint of RFC 7638: exactly these members, in the order of their names. Texts under fixed names:
        // serialization cannot fail.
        let members = BTreeMap::from(members);
        let sorted = serde_json::to_vec(&members).unwrap_or_default();
        let id = BASE64URL_NOPAD.encode(digest(&SHA256, &sorted).as_ref());
        let mut jwk = json!({ "use": "sig", "alg": algorithm.name(), "kid": id });
        if let Some(jwk) = jwk.as_object_mut() {
            jwk.extend(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into())),
            );
        }
        Self {
            algorithm,
            id,
            jwk,
            verifier,
        }
    }

    /// Returns the algorithm that the key is for.
    pub(super) fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    /// Returns the identifier of the key (`kid`), its thumbprint.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the key as a JWK (RFC 7517).
    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Returns whether the private half of this key made that signature of the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }
}

/// Parses a public key for an algorithm. Fails if it is none.
fn parsed(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
) -> Result<ParsedPublicKey, UnusableKey> {
    ParsedPublicKey::new(algorithm, key).map_err(|_| UnusableKey::Unsupported)
}

/// Returns a public key as a `SubjectPublicKeyInfo`. Fails if the library cannot encode it.
fn spki(key: &ParsedPublicKey) -> Result<Vec<u8>, UnusableKey> {
    let der: PublicKeyX509Der<'static> = key.as_der().map_err(|_| UnusableKey::Unsupported)?;
    let bytes: &[u8] = der.as_ref();
    Ok(bytes.to_vec())
}
