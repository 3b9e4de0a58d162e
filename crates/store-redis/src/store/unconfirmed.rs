//! Recovery of requests that were executed, but reported as unavailable since too few replicas have them.
//!
//! The primary has executed the request. So an ended token leaves a record that is not valid and says that its
//! end was not confirmed: a repeated logout finds that record and waits for the replicas again. A one-time
//! token is restored: no client got a session for it.
//!
//! If the record cannot be written, because the primary became unreachable just then, a repeated request fails
//! like one for something that has already been done.

use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{Cmd, cmd};
use time::OffsetDateTime;
use tracing::warn;

use crate::RedisStore;

/// How long the end of a token can be repeated, in milliseconds.
const REPEATABLE: u64 = 600_000;

impl RedisStore {
    /// Stores a record for a token that was removed, which says that the end was not confirmed. The token
    /// stays listed, so that the sessions of its user can be ended again, too. Logs a failure.
    pub(crate) async fn store_unconfirmed_end(&self, digest: TokenDigest, record: &Record) {
        let ended = record.with_unconfirmed_end();
        let stored = async {
            let mut set = cmd("SET");
            set.arg(self.client.keys().token(digest))
                .arg(ended.encode()?)
                .arg("PX")
                .arg(REPEATABLE)
                .arg("NX");
            self.client.run::<Option<String>>(&set).await
        };
        warn_if_lost(digest, stored.await.map(drop));
    }

    /// Restores a one-time token that was just used. Logs a failure.
    pub(crate) async fn restore_unused(
        &self,
        digest: TokenDigest,
        (before, used): (&Record, &Record),
        now: OffsetDateTime,
    ) {
        let undone = async {
            let replace = self.scripts.replace(digest, (used, before), now)?;
            self.client.run_script::<bool>(&replace).await
        };
        warn_if_lost(digest, undone.await.map(drop));
    }

    /// Waits until replicas have all earlier writes, if the settings require replicas: a token that is not
    /// found may have been removed without a confirmation. Fails if too few replicas acknowledge in time.
    pub(crate) async fn confirm_earlier_writes(&self) -> Result<(), StoreError> {
        if !self.replicas.is_required() {
            return Ok(());
        }
        self.client.confirm_writes().await
    }

    /// Removes an ended token from its lists. Only logs a failure: a listed token that does not exist does no
    /// harm, but a response that the token could not be ended would.
    pub(crate) async fn try_unlist(&self, record: &Record, digest: TokenDigest) {
        if let Err(error) = self.unlist(record, digest).await {
            warn!(%error, session = %digest, "an ended session is still listed until its expiry");
        }
    }
}

/// Returns a write of `key`, so that a `WAIT` on the same connection covers all earlier writes.
pub(crate) fn confirmation_write(key: &[u8]) -> Cmd {
    let mut write = cmd("SET");
    write.arg(key).arg("").arg("PX").arg(1000);
    write
}

fn warn_if_lost(digest: TokenDigest, stored: Result<(), StoreError>) {
    if let Err(error) = stored {
        warn!(%error, session = %digest, "a client that repeats a logout or a one-time token that was answered as unavailable will be refused");
    }
}
