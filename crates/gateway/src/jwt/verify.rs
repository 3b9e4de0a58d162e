//! Verifies JWTs of this gateway and of others with the same keys.

use data_encoding::BASE64URL_NOPAD;
use isogloss_core::TokenDigest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{JwtSigner, KeysUnavailable, TYPE};

/// A JWT that one of the published keys has signed, and that has not expired.
pub(crate) struct VerifiedJwt {
    /// All claims.
    pub(crate) claims: Map<String, Value>,
    /// The handle of the token that it was issued for, claim `sid`. The token may have been revoked since.
    pub(crate) handle: TokenDigest,
}

/// The header of our JWTs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

impl JwtSigner {
    /// Fails if no key can be read: then a JWT that does not [verify](Self::verify) may be valid all the same.
    pub(crate) fn check_available(&self, now: OffsetDateTime) -> Result<(), KeysUnavailable> {
        self.keys.signing_key(now).map(drop).ok_or(KeysUnavailable)
    }

    /// Returns the content of one of our JWTs, or `None` for any other text: if no published key has signed it, or it
    /// is of another type or issuer, or has expired.
    pub(crate) fn verify(&self, text: &str, now: OffsetDateTime) -> Option<VerifiedJwt> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = decoded(header)?;
        let mut keys = self.keys.published(now)?.into_iter();
        let key = keys.find(|key| key.id() == header.kid)?;
        // The algorithm is the key's, never one that the caller chose.
        if header.typ != TYPE || header.alg != key.algorithm().name() {
            return None;
        }
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        if !key.verifies(message.as_bytes(), &signature) {
            return None;
        }
        let claims: Map<String, Value> = decoded(claims)?;
        let is_ours = claims.get("iss")?.as_str()? == self.issuer;
        let is_live = claims.get("exp")?.as_i64()? > now.unix_timestamp();
        let handle = TokenDigest::from_handle(claims.get("sid")?.as_str()?)?;
        (is_ours && is_live).then_some(VerifiedJwt { claims, handle })
    }
}

/// Returns a part of a JWT, or `None` if it is not JSON of that shape in base64url.
fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&json).ok()
}
