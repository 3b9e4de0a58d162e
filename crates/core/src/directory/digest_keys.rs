//! The keys under which a directory stores the digests of card codes and application keys.
//!
//! A digest key is random, and created once, by the process that first needs it. It is stored in the directory,
//! encrypted ("sealed") under the pepper, so card codes cannot be guessed from a dump of the directory alone.
//! After a change of the pepper, the same digest key is sealed again under the new one, so all digests stay valid.

mod open;
mod ring;
mod seal;
mod store;
mod table;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use time::OffsetDateTime;

pub use self::open::OpenKeys;
pub use self::ring::{DigestKind, KeyRing};
pub use self::seal::SealedKey;
pub use self::store::{
    DigestLookup, DigestReplacement, DigestStore, find_digest, key_ring, read_key_ring,
};
pub use self::table::KeyRingTable;
use super::{DigestKeyId, KeyDigest, KeyEntry};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::pepper::Peppers;

/// The properties of a digest key that operators see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestKey {
    /// The identifier.
    pub id: DigestKeyId,
    /// When it was created.
    pub made_at: OffsetDateTime,
    /// The time from which new digests are stored under it.
    pub used_from: OffsetDateTime,
    /// Whether one of the configured peppers opens it.
    pub is_readable: bool,
    /// The number of digests that are stored under it: of cards, application keys and erased users.
    pub digests: i64,
}

/// Administration of the digest keys of a directory.
#[async_trait]
pub trait DigestRing: Send + Sync + 'static {
    /// Returns whether one of the configured peppers opens a digest key of a directory file.
    fn opens(&self, key: &SealedKey) -> bool;

    /// Returns the digest keys that could not be opened when they were last read. While there are any, looking up
    /// an unknown card or key fails as "unavailable", because it may be stored under one of them.
    fn unreadable_digest_keys(&self) -> Vec<DigestKeyId>;

    /// Returns all digest keys, the oldest first. Fails if the directory is unavailable.
    async fn digest_keys(&self) -> Result<Vec<DigestKey>, StoreError>;

    /// Creates a digest key for new digests, and returns its identifier. Existing plain digests are stored under
    /// it at their next use. Fails if no pepper is configured or the directory is unavailable.
    async fn add_digest_key(&self) -> Result<DigestKeyId, StoreError>;

    /// Removes a digest key that cannot be opened here, and the tombstones of erased users that were made with it.
    /// The cards and application keys that are stored under it are no longer accepted. Returns how many tombstones
    /// were removed; `None`, without any change, if there was no such key or if it can be opened. Fails if the
    /// directory is unavailable.
    async fn remove_digest_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError>;

    /// Stores up to `limit` plain digests under the current digest key, and returns how many there were: 0 if no
    /// digest key is in use yet. Fails if the directory is unavailable.
    async fn key_digests(&self, limit: u32) -> Result<u64, StoreError>;

    /// Returns the application key that had this identifier while its digest was a plain one; `None` if there is
    /// none. Fails if the directory is unavailable.
    async fn key_of_former_id(&self, id: &str) -> Result<Option<KeyEntry>, StoreError>;
}

/// The peppers that open a directory's digest keys, and the digest keys that are open.
pub struct DigestKeys {
    peppers: Option<Peppers>,
    clock: Arc<dyn Clock>,
    open: RwLock<Option<Arc<KeyRing>>>,
    is_read_only: AtomicBool,
    /// Whether a warning that no digest key can be stored was logged. It is logged once, not for each card.
    is_reported: AtomicBool,
}

impl DigestKeys {
    /// Returns digest keys that these peppers seal and open.
    pub fn under(peppers: Peppers, clock: Arc<dyn Clock>) -> Self {
        Self::of(Some(peppers), clock)
    }

    /// Returns digest keys without a pepper: new digests are stored plain, unless the directory has digest keys
    /// already.
    pub fn without_pepper(clock: Arc<dyn Clock>) -> Self {
        Self::of(None, clock)
    }

    /// Returns these digest keys for a command that only reads: no digest key is created or sealed again, and no
    /// digest is stored in another form.
    #[must_use]
    pub fn read_only(self) -> Self {
        self.is_read_only.store(true, Ordering::Relaxed);
        self
    }

    fn of(peppers: Option<Peppers>, clock: Arc<dyn Clock>) -> Self {
        let open = RwLock::default();
        Self {
            peppers,
            clock,
            open,
            is_read_only: AtomicBool::default(),
            is_reported: AtomicBool::default(),
        }
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Relaxed)
    }

    pub(super) fn peppers(&self) -> Option<&Peppers> {
        self.peppers.as_ref()
    }

    /// Returns the time that decides which digest key is in use.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Returns whether one of the peppers opens the key.
    pub(super) fn opens(&self, key: &SealedKey) -> bool {
        let mut peppers = self.peppers.iter().flat_map(Peppers::each);
        peppers.any(|pepper| key.open(pepper).is_some())
    }

    /// Returns the keys as they were last read; `None` if they were never read.
    pub(super) fn known(&self) -> Option<Arc<KeyRing>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone()
    }

    /// Returns the form in which a digest should be stored that was found in the form `found`; `None` if `found`
    /// is this form already, if no digest key is open although there are some, or if the database cannot be
    /// written to.
    pub(super) fn renewed(
        &self,
        ring: &KeyRing,
        what: DigestKind<'_>,
        digest: KeyDigest,
        found: KeyDigest,
    ) -> Option<KeyDigest> {
        if self.is_read_only() {
            return None;
        }
        let stored = ring.stored(what, digest, self.now()).ok()?;
        (stored != found).then_some(stored)
    }

    /// Logs that the first digest key cannot be stored, for example at a standby. Logs this only once.
    fn report_unstored(&self, error: impl std::fmt::Display) {
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "cannot store a digest key: digests stay plain SHA-256");
        }
    }

    /// Takes the result of storing a digest in its new form. Does nothing if the digest was stored. After a
    /// failure, logs it and makes these digest keys [read-only](Self::read_only). The login does not depend on the
    /// result.
    pub(super) fn wrote(&self, done: Result<(), impl std::fmt::Display>) {
        if let Err(error) = done {
            tracing::warn!(%error, "cannot store a digest under the current digest key, will not try again");
            self.is_read_only.store(true, Ordering::Relaxed);
        }
    }

    /// Caches the keys that were read, and logs those that cannot be opened, each once. If a transaction read
    /// them, it must be committed first.
    pub fn keep(&self, ring: &Arc<KeyRing>) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let before = open.replace(Arc::clone(ring));
        drop(open);
        let is_new = |id: &&DigestKeyId| {
            let known = before.as_ref().map_or(&[][..], |ring| ring.unreadable());
            !known.contains(*id)
        };
        for id in ring.unreadable().iter().filter(is_new) {
            tracing::error!(
                digest_key = %id,
                "no pepper of the configuration opens this digest key of the directory: cards and keys \
                 that are stored under it are answered as unavailable; see docs/pepper.md"
            );
        }
    }
}
