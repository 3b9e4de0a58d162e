//! JWTs that are used again, for callers that need one for each request.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;
use serde_json::to_vec;
use time::OffsetDateTime;

use super::SignedJwt;
use super::claims::TokenClaims;

/// The most JWTs that are kept, each of about 1.5 KB.
const KEPT: usize = 4_096;

/// The JWTs that were signed last. A signature of `RS256` takes a third of a millisecond.
pub(super) struct JwtCache(Cache<Content, Arc<KeptJwt>>);

/// A digest of all that a JWT says, except for its times and its identifier.
pub(super) type Content = [u8; 32];

/// A JWT that may be used again.
pub(super) struct KeptJwt {
    pub(super) text: String,
    /// The identifier of the key that signed it.
    pub(super) key_id: String,
    /// When it was signed, in seconds since 1970.
    pub(super) issued_at: i64,
    /// When it expires, in seconds since 1970.
    pub(super) expires_at: i64,
}

impl KeptJwt {
    /// Returns the JWT as it is sent at `now`.
    pub(super) fn at(&self, now: OffsetDateTime) -> SignedJwt {
        SignedJwt {
            text: self.text.clone(),
            expires_in: self.expires_at - now.unix_timestamp(),
        }
    }
}

impl Default for JwtCache {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl JwtCache {
    /// Returns the JWT with that content and of that key, if more than half of its lifetime is left at `now`.
    pub(super) fn get(
        &self,
        content: &Content,
        key_id: &str,
        now: OffsetDateTime,
    ) -> Option<Arc<KeptJwt>> {
        let kept = self.0.get(content)?;
        let left = kept.expires_at - now.unix_timestamp();
        let is_fresh = left > (kept.expires_at - kept.issued_at) / 2;
        (is_fresh && kept.key_id == key_id).then_some(kept)
    }

    /// Keeps a JWT.
    pub(super) fn insert(&self, content: Content, jwt: KeptJwt) {
        self.0.insert(content, Arc::new(jwt));
    }
}

/// Returns the digest of the claims and the audience of a JWT for a token that ends then.
pub(super) fn content_of(
    claims: &TokenClaims<'_>,
    audience: &[String],
    token_ends_at: OffsetDateTime,
) -> Content {
    let ends_at = token_ends_at.unix_timestamp();
    // Strings and numbers under fixed names: serialization cannot fail.
    let all = to_vec(&(claims, claims.handle, audience, ends_at)).unwrap_or_default();
    let mut content = Content::default();
    content.copy_from_slice(digest(&SHA256, &all).as_ref());
    content
}
