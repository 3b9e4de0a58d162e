//! Reads the digest keys of a database, creates the first one, and seals them again under another pepper.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tracing::warn;

use super::seal::SealedKey;
use super::{DigestKeys, KeyRing};
use crate::directory::DigestKeyId;
use crate::directory::database::Database;
use crate::error::StoreError;
use crate::pepper::{Pepper, Peppers};

/// How long digests stay plain in a directory that had some before its first digest key: gateways of the previous
/// release, which only know plain ones, may still be using it.
const GRACE: Duration = Duration::from_hours(24);

/// The table of digest keys in a database.
#[async_trait]
pub trait KeyRingTable: Database {
    /// Returns the digest keys as they are stored. Fails if the query fails.
    async fn sealed_keys(&mut self) -> Result<Vec<SealedKey>, Self::Error>;

    /// Returns whether there are cards or application keys with a plain digest. Fails if the query fails.
    async fn has_plain_digests(&mut self) -> Result<bool, Self::Error>;

    /// Adds a digest key unless there is one already. Fails if the query fails.
    async fn put_first_key(&mut self, key: &SealedKey) -> Result<(), Self::Error>;

    /// Adds a sealed digest key, or replaces an older seal of the same key and pepper. Fails if the query fails.
    async fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), Self::Error>;

    /// Removes all digest keys if no digest is stored, neither plain nor under one of them. Fails if the query
    /// fails.
    async fn remove_idle_keys(&mut self) -> Result<(), Self::Error>;

    /// Removes the seals of a digest key that are older than `before`. Fails if the query fails.
    async fn remove_seals(
        &mut self,
        id: DigestKeyId,
        before: OffsetDateTime,
    ) -> Result<(), Self::Error>;
}

enum Task {
    Seal(SealedKey),
    RemoveSeals(DigestKeyId, OffsetDateTime),
}

impl DigestKeys {
    /// Creates a digest key that is used for new digests from now on. `None` without a pepper; `Some(Err)` if the
    /// system has no random numbers.
    pub(super) fn make(&self) -> Option<Result<SealedKey, StoreError>> {
        let peppers = self.peppers.as_ref()?;
        Some(self.fresh(&peppers.current, Duration::ZERO))
    }

    fn fresh(&self, pepper: &Pepper, grace: Duration) -> Result<SealedKey, StoreError> {
        let now = whole_seconds(self.now());
        SealedKey::fresh(pepper, now, now + grace)
    }

    /// Stores the digest keys of a directory file, and then reads and returns all keys of the directory, as
    /// [`read`](Self::read) does. If the directory has no digests, its own keys are removed first: after moving
    /// back and forth, a digest then has one form in both places.
    ///
    /// # Errors
    /// If a query fails.
    pub async fn take_over<T: KeyRingTable>(
        &self,
        table: &mut T,
        keys: &[SealedKey],
    ) -> Result<Arc<KeyRing>, T::Error> {
        if !keys.is_empty() {
            table.remove_idle_keys().await?;
        }
        for key in keys {
            table.put_sealed_key(key).await?;
        }
        self.read(table).await
    }

    /// Reads the digest keys and returns them. Creates the first key if there is none. Seals a key again under the
    /// current pepper if the key was not known yet and the previous pepper opens it.
    ///
    /// # Errors
    /// If a query fails; failures to write are only logged.
    pub async fn read<T: KeyRingTable>(&self, table: &mut T) -> Result<Arc<KeyRing>, T::Error> {
        let known = self.known();
        let mut stored = table.sealed_keys().await?;
        let peppers = self.peppers.as_ref().filter(|_| !self.is_read_only());
        if let (true, Some(peppers)) = (stored.is_empty(), peppers) {
            let waits = table.has_plain_digests().await?;
            let grace = if waits { GRACE } else { Duration::ZERO };
            let key = self.fresh(&peppers.current, grace).map_err(T::unusable)?;
            match table.put_first_key(&key).await {
                Ok(()) => stored = table.sealed_keys().await?,
                Err(error) => self.report_unstored(error),
            }
        }
        if let Some(peppers) = peppers {
            let is_known = |id| known.as_ref().is_some_and(|ring| ring.is_open(id));
            let mut new = stored.clone();
            new.retain(|seal| !is_known(seal.id));
            let due = tasks(&new, peppers, whole_seconds(self.now()));
            for task in due.map_err(T::unusable)? {
                let done = match &task {
                    Task::Seal(key) => table.put_sealed_key(key).await,
                    Task::RemoveSeals(id, before) => table.remove_seals(*id, *before).await,
                };
                if let Err(error) = done {
                    warn!(%error, "cannot encrypt a digest key under the current pepper");
                }
            }
        }
        Ok(Arc::new(self.ring_of(&stored)))
    }

    /// Returns the ring of these keys. Those that a pepper opens, or that were opened earlier, are open.
    pub(in crate::directory) fn ring_of(&self, stored: &[SealedKey]) -> KeyRing {
        let peppers = || self.peppers.iter().flat_map(Peppers::each);
        let open = |key: &SealedKey| peppers().find_map(|pepper| key.open(pepper));
        KeyRing::of(stored, open, self.known().as_deref())
    }
}

/// Returns the tasks after which the current pepper opens the keys, and earlier peppers no longer do. Fails if a
/// key cannot be sealed.
///
/// A gateway that has only the previous pepper may restart during the rotation. So the old seal is removed only
/// when the previous pepper is no longer configured, and only if the new seal is newer.
fn tasks(
    stored: &[SealedKey],
    peppers: &Peppers,
    now: OffsetDateTime,
) -> Result<Vec<Task>, StoreError> {
    let mut tasks = Vec::new();
    let newest = |id| {
        let seals = stored.iter().filter(move |seal| seal.id == id);
        seals.map(|seal| seal.sealed_at).max()
    };
    for seal in stored {
        let own = seal.is_under(&peppers.current);
        match &peppers.previous {
            None if own && seal.open(&peppers.current).is_some() => {
                let mut others = stored.iter().filter(|other| other.id == seal.id);
                if others.any(|other| other.sealed_at < seal.sealed_at) {
                    tasks.push(Task::RemoveSeals(seal.id, seal.sealed_at));
                }
            }
            Some(previous) if !own && seal.is_under(previous) => {
                let current = stored
                    .iter()
                    .find(|other| other.id == seal.id && other.is_under(&peppers.current));
                if current.is_some_and(|current| current.sealed_at > seal.sealed_at) {
                    continue;
                }
                let after = newest(seal.id).unwrap_or(now) + Duration::from_secs(1);
                let again = seal.under(&peppers.current, previous, now.max(after));
                tasks.extend(again?.map(Task::Seal));
            }
            _ => {}
        }
    }
    Ok(tasks)
}

fn whole_seconds(moment: OffsetDateTime) -> OffsetDateTime {
    moment.replace_nanosecond(0).unwrap_or(moment)
}
