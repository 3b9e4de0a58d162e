//! The secret of JWTs: what is derived from it, and what is sealed under it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use isogloss_core::directory::SealedSigningKey;
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::key::{SigningKey, UnusableKey};
use crate::config::JwtAlgorithm;

/// The version of the format of sealed keys.
const VERSION: u8 = 1;
/// Bytes of the identifier of a secret.
const ID_BYTES: usize = 16;

/// A secret of JWTs.
pub(super) struct Secret {
    key: hmac::Key,
    id: String,
}

impl Secret {
    /// Returns the secret of that text.
    pub(super) fn new(text: &SecretString) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, text.expose_secret().as_bytes());
        let id = hmac::sign(&key, b"isogloss jwt secret");
        let id = hex::encode(id.as_ref().split_at(ID_BYTES).0);
        Self { key, id }
    }

    /// Returns a name of the secret from which nothing can be learned about it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the Ed25519 key of a period: all gateways with the same secret derive the same one. Fails if the
    /// library rejects it.
    pub(super) fn derive(&self, period: i64) -> Result<SigningKey, UnusableKey> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"isogloss jwt ed25519");
        context.update(&period.to_be_bytes());
        SigningKey::from_seed(context.sign().as_ref())
    }

    /// Returns a key for storage, encrypted under this secret and bound to its algorithm and period. Fails if the
    /// library cannot encode or encrypt it.
    pub(super) fn seal(
        &self,
        key: &SigningKey,
        period: i64,
        now: OffsetDateTime,
    ) -> Result<SealedSigningKey, Unspecified> {
        let algorithm = key.public().algorithm();
        // Encrypted in place: no copy of the private key stays in memory.
        let mut sealed = key.with_pkcs8(<[u8]>::to_vec)?;
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(bound_to(algorithm, period), &mut sealed)?;
        let nonce: &[u8; NONCE_LEN] = nonce.as_ref();
        let parts: [&[u8]; 3] = [&[VERSION], nonce, &sealed];
        Ok(SealedSigningKey {
            secret_id: self.id.clone(),
            algorithm: algorithm.name().to_owned(),
            period,
            sealed: parts.concat(),
            created_at: now,
        })
    }

    /// Returns the key that is sealed there, or `None` if it is not sealed under this secret, for another algorithm or
    /// period, or damaged.
    pub(super) fn open(&self, stored: &SealedSigningKey) -> Option<SigningKey> {
        let algorithm = JwtAlgorithm::from_name(&stored.algorithm)?;
        let sealed = stored.sealed.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let cipher = self.cipher().ok()?;
        let pkcs8 = cipher.open_in_place(nonce, bound_to(algorithm, stored.period), &mut sealed);
        let key = SigningKey::from_pkcs8(pkcs8.ok()?).ok();
        key.filter(|key| key.public().algorithm() == algorithm)
    }

    /// Returns the cipher that seals keys. Fails if the library has none.
    fn cipher(&self) -> Result<RandomizedNonceKey, Unspecified> {
        let key = hmac::sign(&self.key, b"isogloss jwt seals signing keys");
        RandomizedNonceKey::new(&AES_256_GCM, key.as_ref())
    }
}

/// Returns what the encryption authenticates besides the key.
fn bound_to(algorithm: JwtAlgorithm, period: i64) -> Aad<Vec<u8>> {
    let period = period.to_be_bytes();
    let parts: [&[u8]; 4] = [&[VERSION], algorithm.name().as_bytes(), &[0], &period];
    Aad::from(parts.concat())
}
