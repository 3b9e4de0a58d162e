//! Looks up digests and administers digest keys, independent of the database.

use std::sync::Arc;

use async_trait::async_trait;

use super::{DigestKey, DigestKeys, DigestKind, DigestRing, KeyRing, SealedKey};
use crate::directory::{DigestKeyId, KeyDigest, KeyEntry};
use crate::error::StoreError;

/// A database with cards, application keys and digest keys.
#[async_trait]
pub trait DigestStore: Send + Sync + 'static {
    /// Returns the digest keys of this directory, as they are cached in this process, and their peppers.
    fn digests(&self) -> &DigestKeys;

    /// Reads the digest keys from the database and returns them. Creates the first key if there is none, and seals
    /// keys again under the current pepper where needed. Fails if the directory is unavailable.
    async fn read_ring(&self) -> Result<Arc<KeyRing>, StoreError>;

    /// Returns the digest keys as they are stored. Fails if the directory is unavailable.
    async fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError>;

    /// Adds a sealed digest key, or replaces an older seal of the same key and pepper. Fails if the directory is
    /// unavailable.
    async fn put_sealed_key(&self, key: SealedKey) -> Result<(), StoreError>;

    /// Removes a digest key and the tombstones of erased users that were made with it, and returns how many
    /// tombstones there were; `None` if there is no such key. Fails if the directory is unavailable.
    async fn remove_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError>;

    /// Returns how many digests are stored under each digest key. Fails if the directory is unavailable.
    async fn counts(&self) -> Result<Vec<(DigestKeyId, i64)>, StoreError>;

    /// Returns at most `limit` plain digests, of application keys with their realm, and of cards with `None`.
    /// Fails if the directory is unavailable.
    async fn plain_digests(
        &self,
        limit: u32,
    ) -> Result<Vec<(Option<String>, KeyDigest)>, StoreError>;

    /// Stores a digest in another form. Changes nothing if it is no longer stored in the old form or the digest
    /// key is gone. Fails if the directory is unavailable.
    async fn replace_digest(&self, renewal: DigestReplacement) -> Result<(), StoreError>;

    /// Returns the application key whose former identifier has one of these stored forms; `None` if there is none.
    /// Fails if the directory is unavailable.
    async fn find_key_by_former_id(
        &self,
        stored: Vec<[u8; 32]>,
    ) -> Result<Option<KeyEntry>, StoreError>;
}

/// A database in which cards, or application keys, are looked up by digest.
#[async_trait]
pub trait DigestLookup<T>: DigestStore {
    /// Returns the entry that is stored in one of these forms, together with the form in which it is stored.
    /// `None` if there is no such entry, or if entries of type `T` are not of the kind `what`. Fails if the
    /// directory is unavailable.
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Result<Option<(T, KeyDigest)>, StoreError>;
}

/// The change that stores a digest in another form.
#[derive(Clone)]
pub struct DigestReplacement {
    /// The realm of an application key; `None` for the code of a card.
    pub realm: Option<String>,
    /// The form that is stored now.
    pub old: KeyDigest,
    /// The form that replaces it.
    pub new: KeyDigest,
    /// The digest key of the new form.
    pub key: DigestKeyId,
    /// The stored form of the application key's current identifier, which changes with its digest; `None` if the
    /// old form is not plain.
    pub former_id: Option<[u8; 32]>,
}

/// Returns the digest keys as they were last read by this process, or reads them.
///
/// # Errors
/// If they must be read and the database is unavailable.
pub async fn key_ring(store: &impl DigestStore) -> Result<Arc<KeyRing>, StoreError> {
    match store.digests().known() {
        Some(ring) => Ok(ring),
        None => read_key_ring(store).await,
    }
}

/// Reads the digest keys, caches them, and returns them.
///
/// # Errors
/// If the database is unavailable.
pub async fn read_key_ring(store: &impl DigestStore) -> Result<Arc<KeyRing>, StoreError> {
    let ring = store.read_ring().await?;
    store.digests().keep(&ring);
    Ok(ring)
}

/// Returns the entry that is stored under a digest in any form; `None` if there is none. Looks it up again if the
/// digest keys have changed in between. Stores an entry that was found in an old form in the new one.
///
/// # Errors
/// If the directory is unavailable, or if there is no such entry and a digest key does not open.
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
        self.find_key_by_former_id(ring.former_ids(id)).await
    }
}
