//! Short-lived JWTs for services that check tokens offline.
//!
//! They are access tokens of RFC 9068 in the compact serialization of RFC 7515, signed with `RS256`, `ES256` (RFC 7518)
//! or `EdDSA` (RFC 8037).
//!
//! AWS-LC (`aws-lc-rs`) makes the keys and the signatures. Its private operations of RSA take constant time, and it makes
//! RSA keys, which ring does not. The crate `rsa` does both in Rust, but leaks private keys through the time that they
//! take (RUSTSEC-2023-0071), in every release. OpenSSL would be a library of the system to ship.

mod cache;
mod claims;
mod key;
mod key_files;
mod public_key;
mod ring;
mod secret;
mod stored_keys;
mod verify;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use isogloss_core::StoreError;
use isogloss_core::directory::Directory;
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use self::cache::{JwtCache, KeptJwt, content_of};
pub(crate) use self::claims::TokenClaims;
use self::key::SigningKey;
pub(crate) use self::key_files::KeyFiles;
use self::ring::KeyRing;
pub(crate) use self::stored_keys::KeyMaintenance;
use self::stored_keys::{MadeKeys, refresh};
pub(crate) use self::verify::VerifiedJwt;
use crate::config::{Jwt as Settings, JwtAlgorithm, JwtSecrets};

/// The type of JWTs, header parameter `typ` (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// Signer of JWTs.
pub(crate) struct JwtSigner {
    issuer: String,
    audience: String,
    audiences: Vec<String>,
    algorithm: JwtAlgorithm,
    lifetime: Duration,
    keys: KeyRing,
    made_keys: MadeKeys,
    cache: JwtCache,
}

/// A signed JWT.
pub(crate) struct SignedJwt {
    pub(crate) text: String,
    /// Time until the JWT expires, in seconds.
    pub(crate) expires_in: i64,
}

/// No key that signs could be read or made: the directory has been unavailable since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the keys of JWTs cannot be read at present")]
pub(crate) struct KeysUnavailable;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: Audience<'a>,
    iat: i64,
    exp: i64,
    /// Unique to this JWT.
    jti: Uuid,
    /// The handle of the token.
    sid: String,
    #[serde(flatten)]
    identity: &'a TokenClaims<'a>,
}

/// Audience of a JWT: a single one is a string, several are an array.
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl JwtSigner {
    /// Creates a signer with the keys of `files`, and those that are derived from or sealed under `secrets`; the sealed
    /// ones are [loaded](Self::refresh_keys) later. JWTs are valid for `max_age` at most; zero means no such limit.
    pub(crate) fn new(
        settings: &Settings,
        secrets: &JwtSecrets,
        files: KeyFiles,
        max_age: Duration,
    ) -> Self {
        let cap = Some(max_age).filter(|max_age| !max_age.is_zero());
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            audiences: settings.audiences.clone(),
            algorithm: settings.algorithm,
            lifetime: cap.map_or(settings.lifetime, |cap| settings.lifetime.min(cap)),
            keys: KeyRing::new(settings, secrets, files),
            made_keys: MadeKeys::default(),
            cache: JwtCache::default(),
        }
    }

    /// Returns the issuer of JWTs.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the algorithm that signs JWTs.
    pub(crate) fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    /// Returns the algorithms of all keys that are published, that of the signing key first.
    pub(crate) fn algorithms(&self) -> Vec<JwtAlgorithm> {
        let mut all = vec![self.algorithm];
        for algorithm in self.keys.published_algorithms() {
            if !all.contains(&algorithm) {
                all.push(algorithm);
            }
        }
        all
    }

    /// Returns how long a JWT is valid at most.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Returns the default audience of JWTs.
    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    /// Returns whether a JWT for that audience may be requested.
    pub(crate) fn allows_audience(&self, audience: &str) -> bool {
        let mut allowed = self.audiences.iter().chain([&self.audience]);
        allowed.any(|allowed| allowed == audience)
    }

    /// Returns a signed JWT for these claims. It expires no later than `token_ends_at`, the expiry of the token
    /// that it is issued for. Fails if no key signs.
    pub(crate) fn sign(
        &self,
        claims: &TokenClaims<'_>,
        audience: &[String],
        token_ends_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<SignedJwt, KeysUnavailable> {
        let key = self.keys.signing_key(now).ok_or(KeysUnavailable)?;
        let jwt = self.signed(&key, claims, audience, token_ends_at, now)?;
        Ok(jwt.at(now))
    }

    /// Returns a signed JWT like [`sign`](Self::sign), or one that was signed before for the same claims and audience,
    /// if more than half of its lifetime is left. Fails if no key signs.
    pub(crate) fn sign_cached(
        &self,
        claims: &TokenClaims<'_>,
        audience: &[String],
        token_ends_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<SignedJwt, KeysUnavailable> {
        let key = self.keys.signing_key(now).ok_or(KeysUnavailable)?;
        let key_id = key.public().id();
        let content = content_of(claims, audience, token_ends_at);
        if let Some(kept) = self.cache.get(&content, key_id, now) {
            return Ok(kept.at(now));
        }
        let kept = self.signed(&key, claims, audience, token_ends_at, now)?;
        let jwt = kept.at(now);
        self.cache.insert(content, kept);
        Ok(jwt)
    }

    /// Returns a JWT that this key signs at `now` for a token that ends then. Fails if the library cannot compute the
    /// signature.
    fn signed(
        &self,
        key: &SigningKey,
        identity: &TokenClaims<'_>,
        audience: &[String],
        token_ends_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<KeptJwt, KeysUnavailable> {
        let ends_at = (now + self.lifetime()).min(token_ends_at);
        let (iat, exp) = (now.unix_timestamp(), ends_at.unix_timestamp());
        let claims = Claims {
            iss: self.issuer(),
            aud: match audience {
                [one] => Audience::One(one),
                many => Audience::Many(many),
            },
            iat,
            exp,
            jti: Uuid::new_v4(),
            sid: identity.handle.to_string(),
            identity,
        };
        let public = key.public();
        let header = json!({ "alg": public.algorithm().name(), "kid": public.id(), "typ": TYPE });
        let mut text = encoded(&header);
        text.push('.');
        text.push_str(&encoded(&claims));
        let signature = key.sign(text.as_bytes()).map_err(|_| KeysUnavailable)?;
        text.push('.');
        text.push_str(&BASE64URL_NOPAD.encode(&signature));
        Ok(KeptJwt {
            text,
            key_id: public.id().to_owned(),
            issued_at: iat,
            expires_at: exp,
        })
    }

    /// Returns the public keys that verify JWTs, as JWKs. Fails if no key signs.
    pub(crate) fn published(&self, now: OffsetDateTime) -> Result<Vec<Value>, KeysUnavailable> {
        let keys = self.keys.published(now).ok_or(KeysUnavailable)?;
        Ok(keys.iter().map(|key| key.jwk().clone()).collect())
    }

    /// Returns whether a key signs at `now`.
    fn signs(&self, now: OffsetDateTime) -> bool {
        self.keys.signing_key(now).is_some()
    }

    /// Loads the keys that the directory stores, and makes those that are missing. Fails if the directory is
    /// unavailable; the keys that are known stay in use.
    async fn refresh_keys(
        &self,
        directory: &dyn Directory,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        refresh(&self.keys, &self.made_keys, directory, now).await
    }
}

/// Returns a part of a JWT in base64url.
fn encoded(part: &impl Serialize) -> String {
    // Strings and numbers under fixed names: serialization cannot fail.
    BASE64URL_NOPAD.encode(&serde_json::to_vec(part).unwrap_or_default())
}

#[cfg(test)]
mod tests;
