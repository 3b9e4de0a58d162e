//! The keys that sign JWTs.
//!
//! All gateways with the same secret have the same keys, and change them at the same time without communication:
//! each key is derived from the secret and the number of its period.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use parking_lot::RwLock;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The secrets, the one in use first, and the key of the current period.
pub(super) struct Keys {
    secrets: Vec<hmac::Key>,
    /// Length of a period, in seconds.
    lifetime: i64,
    present: RwLock<Option<(i64, Arc<Key>)>>,
}

impl Keys {
    pub(super) fn new(secrets: &[SecretString], lifetime: Duration) -> Self {
        let secrets = secrets.iter().map(|secret| {
            let secret = secret.expose_secret().as_bytes();
            hmac::Key::new(hmac::HMAC_SHA256, secret)
        });
        Self {
            secrets: secrets.collect(),
            lifetime: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX).max(1),
            present: RwLock::default(),
        }
    }

    /// Returns the key that signs at `now`.
    pub(super) fn signing_key(&self, now: OffsetDateTime) -> Arc<Key> {
        let period = self.period(now);
        let present = self.present.read();
        if let Some((of, key)) = &*present
            && *of == period
        {
            return Arc::clone(key);
        }
        drop(present);
        let key = Arc::new(Key::derive(&self.secrets[0], period));
        *self.present.write() = Some((period, Arc::clone(&key)));
        key
    }

    /// Returns the public keys of the current, the previous and the next period, for each secret, as JWKs: a
    /// JWT is valid beyond the end of its key's period, and clocks differ.
    pub(super) fn published(&self, now: OffsetDateTime) -> Vec<Value> {
        let present = self.period(now);
        let periods = [present, present - 1, present + 1];
        let keys = self
            .secrets
            .iter()
            .flat_map(|secret| periods.map(|period| Key::derive(secret, period)));
        keys.map(|key| key.public()).collect()
    }

    /// Returns the number of the period of `now`.
    fn period(&self, now: OffsetDateTime) -> i64 {
        now.unix_timestamp().div_euclid(self.lifetime)
    }
}

/// The key pair of one period.
pub(super) struct Key {
    pair: Ed25519KeyPair,
    id: String,
}

impl Key {
    /// Derives the key of a period from a secret.
    fn derive(secret: &hmac::Key, period: i64) -> Self {
        let mut context = hmac::Context::with_key(secret);
        context.update(b"isogloss jwt ed25519");
        context.update(&period.to_be_bytes());
        #[expect(
            clippy::expect_used,
            reason = "HMAC-SHA-256 has as many bytes as a seed"
        )]
        let pair = Ed25519KeyPair::from_seed_unchecked(context.sign().as_ref())
            .expect("32 bytes are a seed");
        // The thumbprint of RFC 7638: exactly these members, in this order.
        let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
        let thumbprint = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let id = BASE64URL_NOPAD.encode(digest(&SHA256, thumbprint.as_bytes()).as_ref());
        Self { pair, id }
    }

    /// Returns the identifier of the key (`kid`).
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Returns the public key as a JWK (RFC 8037).
    fn public(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.id,
            "x": BASE64URL_NOPAD.encode(self.pair.public_key().as_ref()),
        })
    }
}
