//! The keys under which a directory stores the digests of card codes and application keys.
//!
//! A digest key is random and made once, by the process that first needs it. It is kept in the directory,
//! sealed under the pepper, so a dump of the directory alone does not allow guessing at codes. Another
//! pepper seals the same digest key again, so no digest ends with a pepper.

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

/// A digest key, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestKey {
    /// Its identifier.
    pub id: DigestKeyId,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// From when on new digests are stored under it.
    pub used_from: OffsetDateTime,
    /// Whether one of the peppers that are known here opens it.
    pub is_readable: bool,
    /// How many cards and keys are stored under it.
    pub digests: i64,
}

/// Digest keys, as operators and the gateway see to them.
#[async_trait]
pub trait DigestRing: Send + Sync + 'static {
    /// Whether a key of a directory file can be opened here.
    fn opens(&self, key: &SealedKey) -> bool;

    /// Those that could not be opened when they were last read. While there are any, a card or key that
    /// is not found is "unavailable": it may be one of theirs.
    fn unreadable_digest_keys(&self) -> Vec<DigestKeyId>;

    /// All of them, the oldest first.
    async fn digest_keys(&self) -> Result<Vec<DigestKey>, StoreError>;

    /// Makes a key for new digests. The others are stored under it at their next use.
    async fn add_digest_key(&self) -> Result<DigestKeyId, StoreError>;

    /// Removes a key that cannot be opened here, and the traces of erased users that were made with it. The
    /// cards and keys that are stored under it open nothing from then on. Returns how many traces there
    /// were; none if there was no such key.
    async fn remove_digest_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError>;

    /// Stores up to `limit` plain digests under the current digest key, once that is in use, and
    /// returns how many there were.
    async fn key_digests(&self, limit: u32) -> Result<u64, StoreError>;

    /// The application key that had this identifier while its digest was a plain one.
    async fn key_of_former_id(&self, id: &str) -> Result<Option<KeyEntry>, StoreError>;
}

/// What opens a directory's digest keys, and the ones that are open.
pub struct DigestKeys {
    peppers: Option<Peppers>,
    clock: Arc<dyn Clock>,
    open: RwLock<Option<Arc<KeyRing>>>,
    is_read_only: AtomicBool,
    /// Whether the log says that no digest key can be stored. It says so once, not at each card.
    is_reported: AtomicBool,
}

impl DigestKeys {
    /// Digests are stored under a key that these peppers open.
    pub fn under(peppers: Peppers, clock: Arc<dyn Clock>) -> Self {
        Self::of(Some(peppers), clock)
    }

    /// No pepper is known: new digests are stored plain, unless there are digest keys already.
    pub fn without_pepper(clock: Arc<dyn Clock>) -> Self {
        Self::of(None, clock)
    }

    /// Nothing is made, sealed again or stored in another form: for those who only look.
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

    /// Returns the time of the clock that decides which digest key is in use.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Whether one of the peppers opens the key.
    pub(super) fn opens(&self, key: &SealedKey) -> bool {
        let mut peppers = self.peppers.iter().flat_map(Peppers::each);
        peppers.any(|pepper| key.open(pepper).is_some())
    }

    /// The keys as they were last read, if they were.
    pub(super) fn known(&self) -> Option<Arc<KeyRing>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone()
    }

    /// The form that what was found is to be stored in instead, if it is another one and the database
    /// can be written to.
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

    /// Logs that the first digest key cannot be stored, as at a standby, unless the log says so already.
    fn report_unstored(&self, error: impl std::fmt::Display) {
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "cannot store a digest key: digests stay plain SHA-256");
        }
    }

    /// Takes note of whether a digest could be stored in its new form. The login does not depend on it.
    pub(super) fn wrote(&self, done: Result<(), impl std::fmt::Display>) {
        if let Err(error) = done {
            tracing::warn!(%error, "cannot store a digest under the current digest key, will not try again");
            self.is_read_only.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps what was read. A transaction that read it must be committed.
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
