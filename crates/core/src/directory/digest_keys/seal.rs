//! Sealed digest keys: encrypted under a pepper with AES-256-GCM.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::directory::DigestKeyId;
use crate::error::StoreError;
use crate::pepper::Pepper;

/// A digest key as it is stored: encrypted under a pepper, which it names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    /// The digest key's identifier, which is also authenticated by the encryption.
    pub id: DigestKeyId,
    /// The name of the pepper that opens it: a digest of the pepper, in hexadecimal.
    pub pepper: String,
    /// The nonce and the encrypted key, in hexadecimal.
    pub sealed: String,
    /// When the key was created.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// The time from which new digests are stored under it.
    #[serde(with = "time::serde::rfc3339")]
    pub used_from: OffsetDateTime,
    /// When it was encrypted under that pepper.
    #[serde(with = "time::serde::rfc3339")]
    pub sealed_at: OffsetDateTime,
}

impl SealedKey {
    /// Creates a random key, sealed under a pepper. Fails if the system has no random numbers or the encryption
    /// fails.
    pub(super) fn fresh(
        pepper: &Pepper,
        now: OffsetDateTime,
        used_from: OffsetDateTime,
    ) -> Result<Self, StoreError> {
        let id = DigestKeyId(random()?);
        let key: [u8; 32] = random()?;
        Ok(Self {
            id,
            pepper: name(pepper),
            sealed: seal(id, &key, pepper)?,
            made_at: now,
            used_from,
            sealed_at: now,
        })
    }

    /// Returns the same key, sealed under another pepper. `None` if `opened_by` does not open the key. Fails if
    /// the system has no random numbers or the encryption fails.
    pub(super) fn under(
        &self,
        pepper: &Pepper,
        opened_by: &Pepper,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, StoreError> {
        let Some(key) = self.unseal(opened_by) else {
            return Ok(None);
        };
        Ok(Some(Self {
            pepper: name(pepper),
            sealed: seal(self.id, &key, pepper)?,
            sealed_at: now,
            ..self.clone()
        }))
    }

    pub(super) fn is_under(&self, pepper: &Pepper) -> bool {
        self.pepper == name(pepper)
    }

    /// Returns the digest key; `None` if it is sealed under another pepper or damaged.
    pub(super) fn open(&self, pepper: &Pepper) -> Option<Pepper> {
        Pepper::new(self.unseal(pepper)?)
    }

    fn unseal(&self, pepper: &Pepper) -> Option<Vec<u8>> {
        if !self.is_under(pepper) {
            return None;
        }
        let sealed = hex::decode(&self.sealed).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let opened = cipher(pepper)
            .ok()?
            .open_in_place(nonce, Aad::from(self.id.0), &mut sealed);
        opened.ok().map(|key| key.to_vec())
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedKey({}, …)", self.id)
    }
}

fn seal(id: DigestKeyId, key: &[u8], pepper: &Pepper) -> Result<String, StoreError> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let mut sealed = key.to_vec();
    let done = cipher(pepper)?.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(id.0),
        &mut sealed,
    );
    done.map_err(failed)?;
    Ok(hex::encode(nonce) + &hex::encode(sealed))
}

fn cipher(pepper: &Pepper) -> Result<LessSafeKey, StoreError> {
    let key = pepper.keyed(&[b"seals digest keys"]);
    let key = UnboundKey::new(&AES_256_GCM, &key).map_err(failed)?;
    Ok(LessSafeKey::new(key))
}

/// Returns a name that distinguishes the pepper from others and reveals nothing about it.
fn name(pepper: &Pepper) -> String {
    hex::encode(&pepper.keyed(&[b"names the pepper"])[..8])
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::new("random numbers", error))?;
    Ok(bytes)
}

fn failed(error: ring::error::Unspecified) -> StoreError {
    StoreError::new("digest key", error)
}
