//! How the digest keys of a database are read, made, and sealed again under another pepper.

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

/// How long digests stay plain in a directory that had some before its first digest key: gateways of the
/// release before this one, which know no other, may still be at work on it.
const GRACE: Duration = Duration::from_hours(24);

/// The table of digest keys in a database.
#[async_trait]
pub trait KeyRingTable: Database {
    /// Returns the digest keys as they are stored.
    async fn sealed_keys(&mut self) -> Result<Vec<SealedKey>, Self::Error>;

    /// Whether there are cards or keys with a plain digest.
    async fn has_plain_digests(&mut self) -> Result<bool, Self::Error>;

    /// Adds a key unless there is one.
    async fn put_first_key(&mut self, key: &SealedKey) -> Result<(), Self::Error>;

    /// Adds a key, or replaces the one of that pepper.
    async fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), Self::Error>;

    /// Removes all keys if no digest is stored, be it plain or under one of them.
    async fn remove_idle_keys(&mut self) -> Result<(), Self::Error>;

    /// Removes the seals of a key that are older than that.
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
    /// Makes a key that is used for new digests from now on. `None` without a pepper.
    pub(super) fn make(&self) -> Option<Result<SealedKey, StoreError>> {
        let peppers = self.peppers.as_ref()?;
        Some(self.fresh(&peppers.current, Duration::ZERO))
    }

    fn fresh(&self, pepper: &Pepper, grace: Duration) -> Result<SealedKey, StoreError> {
        let now = whole_seconds(self.now());
        SealedKey::fresh(pepper, now, now + grace)
    }

    /// Takes over the keys of a directory file and reads all that are there. A directory without a digest
    /// takes over the file's keys alone: moved back and forth, a digest has one form in both places.
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

    /// Reads the keys, and makes the first one if there is none. A key that was not known yet and that
    /// the previous pepper opens is sealed again under the current one.
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

    /// Opens those of the keys that a pepper opens, or that were opened earlier.
    pub(in crate::directory) fn ring_of(&self, stored: &[SealedKey]) -> KeyRing {
        let peppers = || self.peppers.iter().flat_map(Peppers::each);
        let open = |key: &SealedKey| peppers().find_map(|pepper| key.open(pepper));
        KeyRing::of(stored, open, self.known().as_deref())
    }
}

/// What there is to do so that the current pepper opens the keys, and the ones before it no longer do.
///
/// A gateway that has only the pepper before may start again meanwhile, so the seal of that one goes only
/// when the previous pepper is no longer configured, and only where the other seal is newer.
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
