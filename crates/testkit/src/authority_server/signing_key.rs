//! The key of an OpenID provider.

use std::io::{Error, Result};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData as _};
use serde_json::{Value, json};

/// A key for ES256, with its number as identifier.
pub(super) struct SigningKey {
    number: u32,
    pair: KeyPair,
}

impl SigningKey {
    pub(super) fn new(number: u32) -> Result<Self> {
        let pair = KeyPair::generate().map_err(Error::other)?;
        Ok(Self { number, pair })
    }

    /// Returns the key that follows.
    pub(super) fn next(&self) -> Result<Self> {
        Self::new(self.number + 1)
    }

    /// Returns the public key as a JWK.
    pub(super) fn jwk(&self) -> Value {
        // A point without compression: 4, x, y.
        let point = self.pair.der_bytes();
        let (x, y) = point[1..].split_at((point.len() - 1) / 2);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.number.to_string(),
            "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
        })
    }

    /// Returns a signed token with these claims.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.number.to_string());
        let key = EncodingKey::from_ec_der(&self.pair.serialize_der());
        encode(&header, claims, &key).unwrap()
    }

    /// Returns a token that names this key, and is signed with another one.
    pub(super) fn forge(&self, claims: &Value) -> String {
        Self::new(self.number).unwrap().sign(claims)
    }
}

/// Returns a token with the algorithm `none`.
pub(super) fn without_signature(claims: &Value) -> String {
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    format!("{}.{}.", encode(&json!({"alg": "none"})), encode(claims))
}

/// Returns a token that is signed with a secret.
pub(super) fn with_secret(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes()).unwrap();
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}
