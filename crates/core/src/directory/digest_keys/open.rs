//! The digest keys at one moment, for what is judged beside what is stored.

use std::sync::Arc;

use time::OffsetDateTime;

use super::store::{DigestStore, ring_as_stored};
use super::{Ring, What};
use crate::directory::KeyDigest;
use crate::error::StoreError;

/// The digest keys that are open, and the moment that decides which of them is for new digests.
#[derive(Clone)]
pub(in crate::directory) struct OpenKeys {
    ring: Arc<Ring>,
    now: OffsetDateTime,
}

impl OpenKeys {
    /// Reads the digest keys of a database.
    pub(in crate::directory) async fn of(store: &impl DigestStore) -> Result<Self, StoreError> {
        let ring = ring_as_stored(store).await?;
        Ok(Self::at(ring, store.digests().now()))
    }

    /// Takes the keys of that moment.
    pub(in crate::directory) fn at(ring: Arc<Ring>, now: OffsetDateTime) -> Self {
        Self { ring, now }
    }

    /// Returns every form in which the digest may be stored.
    pub(in crate::directory) fn forms(&self, what: What<'_>, digest: KeyDigest) -> Vec<KeyDigest> {
        self.ring.forms(what, digest)
    }

    /// Returns the form in which the digest is stored already, or else the one for new digests. Fails if
    /// there are keys and none of them opens.
    pub(in crate::directory) fn stored_beside(
        &self,
        what: What<'_>,
        digest: KeyDigest,
        is_present: impl Fn(&KeyDigest) -> bool,
    ) -> Result<KeyDigest, StoreError> {
        self.ring.stored_beside(what, digest, is_present, self.now)
    }
}

/// No keys: digests stay plain.
impl Default for OpenKeys {
    fn default() -> Self {
        Self::at(Arc::default(), OffsetDateTime::UNIX_EPOCH)
    }
}
