//! What was done and answered as unavailable, since too few replicas have it: repeating it goes on from there.
//!
//! The primary has done it. So an ended token leaves a record behind that opens nothing and says that its end
//! was not confirmed: a repeated log-out finds that record and waits for the replicas again. A one-time token
//! becomes what it was before: no client got a session for it.
//!
//! A record that cannot be left behind, since the primary went away just then, makes the repetition fail as that
//! of something that was done.

use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{Cmd, cmd};
use time::OffsetDateTime;
use tracing::warn;

use super::RedisStore;

/// How long the end of a token can be repeated, in milliseconds.
const REPEATABLE: u64 = 600_000;

impl RedisStore {
    /// Leaves the record of a token behind that was removed. It stays listed: the sessions of its user may be
    /// ended once more, too.
    pub(super) async fn keep_unconfirmed_end(&self, digest: TokenDigest, record: &Record) {
        let ended = record.with_unconfirmed_end();
        let kept = async {
            let mut keep = cmd("SET");
            keep.arg(self.link.keys().token(digest))
                .arg(ended.encode()?)
                .arg("PX")
                .arg(REPEATABLE)
                .arg("NX");
            self.link.ask::<Option<String>>(&keep).await
        };
        warn_if_lost(digest, kept.await.map(drop));
    }

    /// Makes a one-time token that was just used what it was before.
    pub(super) async fn undo_use(
        &self,
        digest: TokenDigest,
        (before, used): (&Record, &Record),
        now: OffsetDateTime,
    ) {
        let undone = async {
            let replace = self.scripts.replace(digest, (used, before), now)?;
            self.link.script::<bool>(&replace).await
        };
        warn_if_lost(digest, undone.await.map(drop));
    }

    /// Waits until replicas have all that was written before: what is not there may have been removed, and that
    /// not confirmed.
    pub(super) async fn confirm_earlier(&self) -> Result<(), StoreError> {
        if !self.replicas.are_wanted() {
            return Ok(());
        }
        self.link.confirm().await
    }

    /// Removes a token that has ended from its lists. If that fails it is listed and not there, which does no
    /// harm: to answer that the token could not be ended would.
    pub(super) async fn try_unlist(&self, record: &Record, digest: TokenDigest) {
        if let Err(error) = self.unlist(record, digest).await {
            warn!(%error, session = %digest, "an ended session is still listed until its expiry");
        }
    }
}

/// Makes what is written so that `WAIT`, on the same connection, covers all that was written before.
pub(super) fn write_confirmation(key: &[u8]) -> Cmd {
    let mut write = cmd("SET");
    write.arg(key).arg("").arg("PX").arg(1000);
    write
}

fn warn_if_lost(digest: TokenDigest, kept: Result<(), StoreError>) {
    if let Err(error) = kept {
        warn!(%error, session = %digest, "a client that repeats a logout or a one-time token that was answered as unavailable will be refused");
    }
}
