//! The digest keys at one moment, for what is judged beside what is stored.

use std::sync::Arc;

use time::OffsetDateTime;

use super::store::{DigestStore, read_key_ring};
use super::{DigestKind, KeyRing, SealedKey};
use crate::directory::KeyDigest;
use crate::error::StoreError;

/// The digest keys that are open, and the moment that decides which of them is for new digests.
#[derive(Clone)]
pub struct OpenKeys {
    ring: Arc<KeyRing>,
    now: OffsetDateTime,
}

impl OpenKeys {
    /// Reads the digest keys of a database, beside those that a file brings.
    pub async fn of(store: &impl DigestStore, brought: &[SealedKey]) -> Result<Self, StoreError> {
        let digests = store.digests();
        let mut ring = read_key_ring(store).await?;
        if !brought.is_empty() {
            let mut keys = store.sealed_keys().await?;
            keys.extend_from_slice(brought);
            ring = Arc::new(digests.ring_of(&keys));
        }
        Ok(Self::at(ring, digests.now()))
    }

    /// Takes the keys of that moment.
    pub fn at(ring: Arc<KeyRing>, now: OffsetDateTime) -> Self {
        Self { ring, now }
    }

    /// Returns every form in which the digest may be stored.
    pub(in crate::directory) fn forms(
        &self,
        what: DigestKind<'_>,
        digest: KeyDigest,
    ) -> Vec<KeyDigest> {
        self.ring.forms(what, digest)
    }

    /// Returns the form among those present in which the digest is stored already, or else the one for new
    /// digests. Fails if it is not found and a key does not open: it may be stored under that one.
    pub(in crate::directory) fn stored_beside(
        &self,
        what: DigestKind<'_>,
        digest: KeyDigest,
        is_present: impl Fn(&KeyDigest) -> bool,
        mut present: impl Iterator<Item = KeyDigest>,
    ) -> Result<KeyDigest, StoreError> {
        let mut forms = self.forms(what, digest).into_iter();
        if let Some(form) = forms.find(is_present) {
            return Ok(form);
        }
        if digest.key().is_some() {
            // The plain form of a digest under a key is not known, but each plain one has that form.
            let is_same = |one: &KeyDigest| one.key().is_none() && self.is_form(what, *one, digest);
            return Ok(present.find(is_same).unwrap_or(digest));
        }
        self.ring.nothing_found::<()>()?;
        self.ring.stored(what, digest, self.now)
    }

    /// Returns the digest keys.
    pub(in crate::directory) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Returns whether a plain digest is stored as this form under one of the keys.
    fn is_form(&self, what: DigestKind<'_>, plain: KeyDigest, form: KeyDigest) -> bool {
        self.forms(what, plain).contains(&form)
    }
}

/// No keys: digests stay plain.
impl Default for OpenKeys {
    fn default() -> Self {
        Self::at(Arc::default(), OffsetDateTime::UNIX_EPOCH)
    }
}
