//! A token store in this process: in a redb file, or in memory.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_core::backend::decode_or_log;
use isogloss_core::store::{
    Finding, Level, Record, SessionLimits, StoreHealth, StoredToken, TokenStore, Visitor,
};
use isogloss_core::{Clock, StoreError, TokenDigest};
use redb::{Durability, ReadTransaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{REOPENING, ReopenableDatabase};
use crate::disk::PROBE;
use crate::error::{needs_reopening, read_error, store_error};
use crate::sweep_batch::SweepBatch;
use crate::tables::{self, UserKey};
use crate::writer::{Change, Writer};

/// How many records are read at a time when all are read.
const PAGE: usize = 500;

/// How long a read waits for the database to be opened again.
const READ_TIME_LIMIT: Duration = Duration::from_secs(1);

/// A token store without a server. Writes are durable when they return. They are grouped: all writes that arrive
/// during one sync of the disk share the next.
pub struct EmbeddedStore {
    pub(crate) database: ReopenableDatabase,
    pub(crate) writer: Writer,
    pub(crate) read_time_limit: Duration,
}

impl EmbeddedStore {
    /// Opens the file, creates it if it is missing, and repairs it after a crash.
    ///
    /// # Errors
    /// If another process has the file open, or it cannot be read or written.
    pub fn open(path: &Path, caps: SessionLimits) -> Result<Self, StoreError> {
        Self::start(ReopenableDatabase::open(path)?, Durability::Immediate, caps)
    }

    /// Opens the file as [`open`](Self::open) does. Returns `None` if another process has it open.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open_unless_in_use(
        path: &Path,
        caps: SessionLimits,
    ) -> Result<Option<Self>, StoreError> {
        match ReopenableDatabase::open_unless_in_use(path)? {
            Some(database) => Self::start(database, Durability::Immediate, caps).map(Some),
            None => Ok(None),
        }
    }

    /// Creates a store in memory, whose tokens are lost when the process ends.
    ///
    /// # Errors
    /// If the thread that writes cannot be started.
    pub fn in_memory(caps: SessionLimits) -> Result<Self, StoreError> {
        Self::start(ReopenableDatabase::in_memory()?, Durability::None, caps)
    }

    pub(crate) fn start(
        database: ReopenableDatabase,
        durability: Durability,
        caps: SessionLimits,
    ) -> Result<Self, StoreError> {
        let writer = Writer::start(database.clone(), durability, caps)?;
        Ok(Self {
            database,
            writer,
            read_time_limit: READ_TIME_LIMIT,
        })
    }

    /// Writes as much as a few tokens need, and removes it. Fails if the database accepts no writes.
    async fn write_probe(&self) -> Result<(), StoreError> {
        for stored in [Some(&PROBE[..]), None] {
            let probe = |responder| Change::Probe { stored, responder };
            self.writer.apply(probe).await?;
        }
        Ok(())
    }

    /// Runs a read, and returns its result. After a failed write, the database is closed and opened again,
    /// which ends all reads: this one is repeated then. Fails if that takes too long, or if the read fails
    /// for another reason.
    pub(crate) async fn reading<T>(
        &self,
        read: impl Fn(&ReadTransaction) -> tables::Result<T> + Sync,
    ) -> Result<T, StoreError> {
        let attempt = || read(&self.database.read()?);
        let error = match attempt() {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        // Only the database returns a `StoreError`: the database is not open.
        if !error.is::<StoreError>() && !needs_reopening(error.as_ref()) {
            return Err(store_error(error));
        }
        // If no write has failed, the writing thread does not know yet that the database needs reopening.
        let checked = self.writer.apply(|responder| Change::Check { responder });
        match tokio::time::timeout(self.read_time_limit, checked).await {
            Ok(_) => attempt().map_err(read_error),
            Err(_) => Err(store_error(REOPENING)),
        }
    }

    /// Returns the next records after a digest, in the order of their digests. Fails if they cannot be read.
    async fn page(&self, after: Bound<[u8; 16]>) -> Result<Page, StoreError> {
        self.reading(|transaction| {
            let tokens = transaction.open_table(tables::TOKENS)?;
            let mut page = Page::default();
            let entries = tokens.range::<&[u8; 16]>((after.as_ref(), Bound::Unbounded))?;
            for entry in entries.take(PAGE) {
                let (digest, value) = entry?;
                let digest = *digest.value();
                page.last = Some(digest);
                let record = decode_or_log(digest.into(), value.value());
                page.records
                    .extend(record.map(|record| (digest.into(), record)));
            }
            Ok(page)
        })
        .await
    }
}

/// One page of all records.
#[derive(Default)]
struct Page {
    records: Vec<(TokenDigest, Record)>,
    /// The last digest that was read. `None` if there are no more.
    last: Option<[u8; 16]>,
}

#[async_trait]
impl TokenStore for EmbeddedStore {
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let record = Box::new(record.clone());
        self.writer
            .apply(|responder| Change::Put {
                digest,
                record,
                now,
                responder,
            })
            .await
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError> {
        let record = self.reading(|transaction| {
            let tokens = transaction.open_table(tables::TOKENS)?;
            let value = tokens.get(digest.as_bytes())?;
            Ok(value.map(|value| Record::decode(value.value())))
        });
        Ok(record.await?.transpose()?.map(Arc::new))
    }

    async fn slot_holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        let holder = self.reading(|transaction| {
            let slots = transaction.open_table(tables::SLOTS)?;
            let holder = slots.get(slot.as_bytes())?;
            Ok(holder.map(|digest| (*digest.value()).into()))
        });
        holder.await
    }

    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        _now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let (before, after) = (Box::new(before.clone()), Box::new(after.clone()));
        self.writer
            .apply(|responder| Change::Replace {
                digest,
                before,
                after,
                responder,
            })
            .await
    }

    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError> {
        if token.record.expires_at <= now {
            return Ok(());
        }
        let token = Box::new(token.clone());
        self.writer
            .apply(|responder| Change::Restore { token, responder })
            .await
    }

    async fn remove(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        self.writer
            .apply(|responder| Change::Take { digest, responder })
            .await
    }

    async fn list_by_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let (first, last) = tables::user_range(user);
        let records = self.reading(|transaction| {
            let by_user = transaction.open_table(tables::BY_USER)?;
            let tokens = transaction.open_table(tables::TOKENS)?;
            let mut records = Vec::new();
            for entry in by_user.range::<&UserKey>(&first..=&last)? {
                let digest = tables::digest_of(entry?.0.value());
                if let Some(value) = tokens.get(digest.as_bytes())? {
                    let record = decode_or_log(digest, value.value());
                    records.extend(record.map(|record| (digest, record)));
                }
            }
            Ok(records)
        });
        records.await
    }

    async fn scan(&self, visit: &mut Visitor<'_>) -> Result<(), StoreError> {
        let mut after = Bound::Unbounded;
        loop {
            let page = self.page(after).await?;
            let Some(last) = page.last else {
                return Ok(());
            };
            after = Bound::Excluded(last);
            for (digest, record) in page.records {
                if visit(digest, record).is_break() {
                    return Ok(());
                }
            }
            // Lets other tasks of this thread run.
            tokio::task::yield_now().await;
        }
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        self.writer
            .apply(|responder| Change::RemoveUser { user, responder })
            .await
    }

    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let (mut swept, mut batch) = (0, SweepBatch::default());
        loop {
            let at_most = batch.size();
            let step = self
                .writer
                .apply(|responder| Change::Sweep {
                    now,
                    at_most,
                    responder,
                })
                .await?;
            swept += step.removed as u64;
            if step.looked_at < at_most {
                return Ok(swept);
            }
            tokio::time::sleep(batch.pause_after(step.took)).await;
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reading(|_| Ok(())).await
    }

    async fn health(&self, _clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        let written = self.write_probe().await;
        let findings = written.err().map(|error| {
            let hint = "free the disk, and let the gateway's user write to the file of tokens.store and its folder";
            Finding::new(Level::Refused, format!("cannot be written to: {error}")).with_hint(hint)
        });
        Ok(StoreHealth {
            findings: findings.into_iter().collect(),
            ..StoreHealth::default()
        })
    }

    async fn close(&self) {
        // Fails if the store is closed already.
        let _ = self
            .writer
            .apply(|responder| Change::Close { responder })
            .await;
    }
}
