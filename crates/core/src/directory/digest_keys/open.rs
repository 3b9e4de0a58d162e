//! The digest keys at one time, for comparing a file with the stored entries.

use std::sync::Arc;

use time::OffsetDateTime;

use super::store::{DigestStore, read_key_ring};
use super::{DigestKind, KeyRing, SealedKey};
use crate::directory::KeyDigest;
use crate::error::StoreError;

/// The open digest keys, and the time that decides which of them is used for new digests.
#[derive(Clone)]
pub struct OpenKeys {
    ring: Arc<KeyRing>,
    now: OffsetDateTime,
}

impl OpenKeys {
    /// Reads the digest keys of a database, and returns them together with those that a file contains (`brought`).
    /// Keys that do not open are included as unreadable.
    ///
    /// # Errors
    /// If the database is unavailable.
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

    /// Returns the keys of `ring`, with `now` as the time that decides which of them is used for new digests.
    pub fn at(ring: Arc<KeyRing>, now: OffsetDateTime) -> Self {
        Self { ring, now }
    }

    /// Returns every form in which the digest may be stored, the likeliest first.
    pub(in crate::directory) fn forms(
        &self,
        what: DigestKind<'_>,
        digest: KeyDigest,
    ) -> Vec<KeyDigest> {
        self.ring.forms(what, digest)
    }

    /// Returns the form in which the digest is stored already, or else the one for new digests. Fails if it is not
    /// found and a digest key does not open, because it may be stored under that one.
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
            // The plain form of a keyed digest is not known, but the keyed form of each stored plain digest can be
            // computed.
            let is_same = |one: &KeyDigest| one.key().is_none() && self.is_form(what, *one, digest);
            return Ok(present.find(is_same).unwrap_or(digest));
        }
        self.ring.nothing_found::<()>()?;
        self.ring.stored(what, digest, self.now)
    }

    /// Returns all digest keys, open and unreadable ones.
    pub(in crate::directory) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Returns whether `form` is one of the forms in which the digest `plain` may be stored.
    fn is_form(&self, what: DigestKind<'_>, plain: KeyDigest, form: KeyDigest) -> bool {
        self.forms(what, plain).contains(&form)
    }
}

/// No keys, so digests stay plain.
impl Default for OpenKeys {
    fn default() -> Self {
        Self::at(Arc::default(), OffsetDateTime::UNIX_EPOCH)
    }
}
