//! Tokens in this process: a redb file, or the same in memory.

mod tables;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, Durability, ReadableDatabase};
use time::OffsetDateTime;
use uuid::Uuid;

use self::tables::UserKey;
use self::writer::{Change, Writer};
use super::{Record, TokenStore};
use crate::error::StoreError;
use crate::private_file::create_private_file;
use crate::token::TokenDigest;

/// A token store without a server. Writes are durable when they are answered, and grouped: all
/// that arrive during one flush to the disk share the next.
pub struct EmbeddedStore {
    database: Arc<Database>,
    writer: Writer,
}

impl EmbeddedStore {
    /// Opens the file, makes it if it is missing, repairs it after a crash. A user may hold
    /// `per_user` tokens.
    pub fn open(path: &Path, per_user: usize) -> Result<Self, StoreError> {
        create_private_file(path).map_err(failed)?;
        let database = Builder::new().create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => failed("another process has it open"),
            error @ (DatabaseError::Storage(_) | _) => failed(error),
        })?;
        Self::start(database, Durability::Immediate, per_user)
    }

    /// A store that is gone with the process.
    pub fn in_memory(per_user: usize) -> Result<Self, StoreError> {
        let backend = InMemoryBackend::new();
        let database = Builder::new()
            .create_with_backend(backend)
            .map_err(failed)?;
        Self::start(database, Durability::None, per_user)
    }

    fn start(
        database: Database,
        durability: Durability,
        per_user: usize,
    ) -> Result<Self, StoreError> {
        tables::create(&database).map_err(failed)?;
        let database = Arc::new(database);
        let writer = Writer::start(Arc::clone(&database), durability, per_user)?;
        Ok(Self { database, writer })
    }
}

#[async_trait]
impl TokenStore for EmbeddedStore {
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let record = Box::new(record.clone());
        self.writer
            .apply(|answer| Change::Put {
                digest,
                record,
                now,
                answer,
            })
            .await
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let tokens = transaction.open_table(tables::TOKENS).map_err(failed)?;
        let Some(value) = tokens.get(digest.as_bytes()).map_err(failed)? else {
            return Ok(None);
        };
        Record::decode(value.value()).map(Some)
    }

    async fn holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let slots = transaction.open_table(tables::SLOTS).map_err(failed)?;
        let holder = slots.get(slot.as_bytes()).map_err(failed)?;
        Ok(holder.map(|digest| (*digest.value()).into()))
    }

    async fn extend(
        &self,
        digest: TokenDigest,
        record: &Record,
        _now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let record = Box::new(record.clone());
        self.writer
            .apply(|answer| Change::Extend {
                digest,
                record,
                answer,
            })
            .await
    }

    async fn take(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        self.writer
            .apply(|answer| Change::Take { digest, answer })
            .await
    }

    async fn of_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let by_user = transaction.open_table(tables::BY_USER).map_err(failed)?;
        let tokens = transaction.open_table(tables::TOKENS).map_err(failed)?;
        let mut records = Vec::new();
        let (first, last) = tables::user_range(user);
        for entry in by_user.range::<&UserKey>(&first..=&last).map_err(failed)? {
            let digest = tables::digest_of(entry.map_err(failed)?.0.value());
            if let Some(value) = tokens.get(digest.as_bytes()).map_err(failed)? {
                records.push((digest, Record::decode(value.value())?));
            }
        }
        Ok(records)
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        self.writer
            .apply(|answer| Change::RemoveUser { user, answer })
            .await
    }

    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let mut swept = 0;
        loop {
            let removed = self
                .writer
                .apply(|answer| Change::Sweep { now, answer })
                .await?;
            swept += removed;
            if removed == 0 {
                return Ok(swept);
            }
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.database.begin_read().map(drop).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("embedded token store", error)
}
