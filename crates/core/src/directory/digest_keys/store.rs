//! What every database does with digests and their keys.

use std::sync::Arc;

use async_trait::async_trait;

use super::{DigestKey, DigestKeys, DigestKind, DigestRing, KeyRing, SealedKey};
use crate::directory::{DigestKeyId, KeyDigest, KeyEntry};
use crate::error::StoreError;

/// A database with cards, application keys and digest keys.
#[async_trait]
pub trait DigestStore: Send + Sync + 'static {
    /// Returns what opens the digest keys of this directory.
    fn digests(&self) -> &DigestKeys;

    /// Reads the digest keys.
    async fn read_ring(&self) -> Result<Arc<KeyRing>, StoreError>;

    /// Returns the digest keys as they are stored.
    async fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError>;

    /// Adds a digest key, or replaces the one of that pepper.
    async fn put_sealed_key(&self, key: SealedKey) -> Result<(), StoreError>;

    /// Removes a key with the traces of erased users that were made with it, and returns how many of those
    /// there were; none if there is no such key.
    async fn remove_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError>;

    /// How many digests are stored under each key.
    async fn counts(&self) -> Result<Vec<(DigestKeyId, i64)>, StoreError>;

    /// Plain digests, of cards or of a realm's keys.
    async fn plain_digests(
        &self,
        limit: u32,
    ) -> Result<Vec<(Option<String>, KeyDigest)>, StoreError>;

    /// Stores a digest in another form, unless it has another one by now or the digest key is gone.
    async fn replace_digest(&self, renewal: DigestReplacement) -> Result<(), StoreError>;

    /// The application key whose former identifier is stored as one of these.
    async fn key_once_called(&self, stored: Vec<[u8; 32]>) -> Result<Option<KeyEntry>, StoreError>;
}

/// A database that has cards, or application keys.
#[async_trait]
pub trait DigestLookup<T>: DigestStore {
    /// What is stored in one of these forms, and in which. Nothing is of another kind.
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Result<Option<(T, KeyDigest)>, StoreError>;
}

/// A digest that is to be stored in another form.
#[derive(Clone)]
pub struct DigestReplacement {
    /// None for the code of a card.
    pub realm: Option<String>,
    /// The form that is stored.
    pub old: KeyDigest,
    /// The form that takes its place.
    pub new: KeyDigest,
    /// The key that the new form is made with.
    pub key: DigestKeyId,
    /// What the key's identifier is stored as, if the old form is plain.
    pub former_id: Option<[u8; 32]>,
}

/// The digest keys as they were last read.
pub async fn key_ring(store: &impl DigestStore) -> Result<Arc<KeyRing>, StoreError> {
    match store.digests().known() {
        Some(ring) => Ok(ring),
        None => read_key_ring(store).await,
    }
}

/// The digest keys as they are now.
pub async fn read_key_ring(store: &impl DigestStore) -> Result<Arc<KeyRing>, StoreError> {
    let ring = store.read_ring().await?;
    store.digests().keep(&ring);
    Ok(ring)
}

/// Looks for a digest in every form; again, if there are other digest keys by now. What is found in an
/// old form is stored in the new one.
pub async fn find_digest<T>(
    store: &impl DigestLookup<T>,
    what: DigestKind<'_>,
    digest: KeyDigest,
) -> Result<Option<T>, StoreError> {
    let mut ring = key_ring(store).await?;
    let mut found = store.stored(what, ring.forms(what, digest)).await?;
    if found.is_none() {
        let now = read_key_ring(store).await?;
        if !now.is_like(&ring) {
            found = store.stored(what, now.forms(what, digest)).await?;
        }
        ring = now;
    }
    let Some((found, form)) = found else {
        return ring.nothing_found();
    };
    let digests = store.digests();
    if let Some(stored) = digests.renewed(&ring, what, digest, form)
        && let Some(renewal) = ring.renewal(what, form, stored)
    {
        digests.wrote(store.replace_digest(renewal).await);
    }
    Ok(Some(found))
}

#[async_trait]
impl<S: DigestStore> DigestRing for S {
    fn opens(&self, key: &SealedKey) -> bool {
        self.digests().opens(key)
    }

    fn unreadable_digest_keys(&self) -> Vec<DigestKeyId> {
        let ring = self.digests().known().unwrap_or_default();
        ring.unreadable().to_vec()
    }

    async fn digest_keys(&self) -> Result<Vec<DigestKey>, StoreError> {
        let ring = read_key_ring(self).await?;
        Ok(ring.described(&self.sealed_keys().await?, &self.counts().await?))
    }

    async fn add_digest_key(&self) -> Result<DigestKeyId, StoreError> {
        let made = self.digests().make();
        let key = made.ok_or_else(|| StoreError::new("digest key", "no pepper is known"))??;
        let id = key.id;
        self.put_sealed_key(key).await?;
        read_key_ring(self).await?;
        Ok(id)
    }

    async fn remove_digest_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError> {
        if read_key_ring(self).await?.is_open(id) {
            return Ok(None);
        }
        let removed = self.remove_key(id).await?;
        read_key_ring(self).await?;
        Ok(removed)
    }

    async fn key_digests(&self, limit: u32) -> Result<u64, StoreError> {
        let ring = read_key_ring(self).await?;
        let now = self.digests().now();
        let mut done = 0;
        if !ring.has_one_in_use(now) {
            return Ok(done);
        }
        for (realm, digest) in self.plain_digests(limit).await? {
            let what = DigestKind::of(realm.as_deref());
            let stored = ring.stored(what, digest, now)?;
            if let Some(renewal) = ring.renewal(what, digest, stored) {
                self.replace_digest(renewal).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    async fn key_of_former_id(&self, id: &str) -> Result<Option<KeyEntry>, StoreError> {
        let ring = read_key_ring(self).await?;
        self.key_once_called(ring.former_ids(id)).await
    }
}
