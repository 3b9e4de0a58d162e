//! The keys of a provider: RFC 7517.

use isogloss_core::authority::{Cause, CauseKind};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::claims::Claims;

/// Claims of an ID token whose signature, issuer, audience and time have been verified.
pub(crate) struct Verified(pub(crate) Claims);

/// The keys with which a provider signs.
#[derive(Debug)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm of the key, if it has only one.
    algorithm: Option<Algorithm>,
    decoding: DecodingKey,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Keys {
    /// Parses a key set. Leaves out keys that are not for signatures, that are secret, or that are of a type that we do
    /// not know.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if it is no key set, or if it has no usable key.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Cause> {
        let set: KeySet = serde_json::from_slice(body)
            .map_err(|_| Cause::new(CauseKind::Response, "the key set is not valid"))?;
        let keys: Vec<_> = set.keys.into_iter().filter_map(Key::new).collect();
        if keys.is_empty() {
            let detail = "the key set has no public RSA, EC or Ed25519 key for signatures";
            return Err(Cause::new(CauseKind::Response, detail));
        }
        Ok(Self(keys))
    }

    /// Returns the number of keys.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the keys that may have made a signature: those with the identifier, or all if the token has none.
    pub(crate) fn candidates(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &DecodingKey> {
        let fits = move |key: &&Key| {
            (id.is_none() || key.id.as_deref() == id)
                && key.decoding.family() == algorithm.family()
                && key.algorithm.is_none_or(|only| only == algorithm)
        };
        self.0.iter().filter(fits).map(|key| &key.decoding)
    }
}

impl Key {
    /// Returns the key. `None` if it cannot verify signatures of a provider.
    fn new(value: Value) -> Option<Self> {
        let jwk = Jwk::deserialize(value).ok()?;
        let is_for_signatures = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        if !is_for_signatures || key.family() == AlgorithmFamily::Hmac {
            return None;
        }
        let algorithm = match jwk.common.key_algorithm {
            Some(named) => Some(named.to_string().parse().ok()?),
            None => None,
        };
        Some(Self {
            id: jwk.common.key_id,
            algorithm,
            decoding: key,
        })
    }
}
