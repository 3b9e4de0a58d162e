//! Short-lived JWTs for services that check tokens offline.
//!
//! They are signed with `EdDSA` (RFC 8037), in the compact serialization of RFC 7515.

mod claims;
mod keys;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

pub(crate) use self::claims::TokenClaims;
use self::keys::Keys;
use crate::config::Jwt as Settings;

/// Signer of JWTs.
pub(crate) struct JwtSigner {
    issuer: String,
    audience: String,
    audiences: Vec<String>,
    lifetime: Duration,
    keys: Keys,
}

/// A signed JWT.
pub(crate) struct SignedJwt {
    pub(crate) text: String,
    /// Time until the JWT expires, in seconds.
    pub(crate) expires_in: i64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: Audience<'a>,
    iat: i64,
    exp: i64,
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
    /// Creates a signer. All keys are derived from `secrets`, of which the first is the current one.
    pub(crate) fn new(settings: &Settings, secrets: &[SecretString]) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            audiences: settings.audiences.clone(),
            lifetime: settings.lifetime,
            keys: Keys::new(secrets, settings.key_lifetime),
        }
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
    /// that it is issued for.
    pub(crate) fn sign(
        &self,
        identity: &TokenClaims<'_>,
        audience: &[String],
        token_ends_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> SignedJwt {
        let ends_at = (now + self.lifetime).min(token_ends_at);
        let (iat, exp) = (now.unix_timestamp(), ends_at.unix_timestamp());
        let claims = Claims {
            iss: &self.issuer,
            aud: match audience {
                [one] => Audience::One(one),
                many => Audience::Many(many),
            },
            iat,
            exp,
            identity,
        };
        let key = self.keys.signing_key(now);
        let header = json!({ "alg": "EdDSA", "kid": key.id(), "typ": "JWT" });
        let mut text = encoded(&header);
        text.push('.');
        text.push_str(&encoded(&claims));
        let signature = key.sign(text.as_bytes());
        text.push('.');
        text.push_str(&BASE64URL_NOPAD.encode(&signature));
        SignedJwt {
            text,
            expires_in: exp - iat,
        }
    }

    /// Returns the public keys that verify JWTs, as JWKs.
    pub(crate) fn published(&self, now: OffsetDateTime) -> Vec<Value> {
        self.keys.published(now)
    }
}

/// Returns a part of a JWT in base64url.
fn encoded(part: &impl Serialize) -> String {
    // Strings and numbers under fixed names: serialization cannot fail.
    BASE64URL_NOPAD.encode(&serde_json::to_vec(part).unwrap_or_default())
}

#[cfg(test)]
mod tests;
