//! Stores a token that was announced, and withdraws it if its login fails.

use isogloss_core::backend::milliseconds;
use isogloss_core::store::{Record, Slot, StoredToken};
use isogloss_core::{StoreError, TokenDigest};
use redis::cmd;
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::warn;

use crate::RedisStore;
use crate::error::redis_error;
use crate::scripts::announcement;

impl RedisStore {
    /// Stores a token that was announced, and lists it. Returns what is listed under its user, if that may be
    /// too many, and nothing otherwise. Fails if Redis fails; the token is then withdrawn, as a client that
    /// tries again would leave one each time otherwise.
    pub(crate) async fn store_announced(
        &self,
        digest: TokenDigest,
        record: &Record,
        (life, now): (i64, OffsetDateTime),
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let mut store = cmd("SET");
        store
            .arg(self.client.keys().token(digest))
            .arg(record.encode()?)
            .arg("PX")
            .arg(life);
        if let Err(error) = self.client.run::<()>(&store).await {
            // The token may still be stored after its removal, and must be found then.
            self.withdraw(digest, record, Announcement::Keep).await;
            return Err(error);
        }
        let listed = self.list_stored(digest, record, (life, now)).await;
        if listed.is_err() {
            self.withdraw(digest, record, Announcement::Remove).await;
        }
        listed
    }

    async fn list_stored(
        &self,
        digest: TokenDigest,
        record: &Record,
        (life, now): (i64, OffsetDateTime),
    ) -> Result<Vec<TokenDigest>, StoreError> {
        if let Some(Slot::Exclusive(slot)) = record.slot {
            self.take_over(slot, digest, life).await?;
        }
        self.list_arrived(digest, record, now).await
    }

    async fn withdraw(&self, digest: TokenDigest, record: &Record, announcement: Announcement) {
        let withdrawn = timeout(self.withdrawal_time_limit, async {
            let mut remove = cmd("DEL");
            remove.arg(self.client.keys().token(digest));
            let () = self.client.run(&remove).await?;
            match announcement {
                Announcement::Keep => Ok(()),
                Announcement::Remove => self.unlist_failed(record, digest).await,
            }
        });
        if let Err(error) = withdrawn
            .await
            .unwrap_or_else(|_| Err(redis_error("no answer in time")))
        {
            warn!(%error, session = %digest, "a token of a failed login stays stored until it expires");
        }
    }

    async fn unlist_failed(&self, record: &Record, digest: TokenDigest) -> Result<(), StoreError> {
        self.unlist(record, announcement(digest)).await?;
        self.unlist(record, digest).await
    }

    /// Stores and lists a token from a backup. Does nothing for an expired token. Fails if Redis fails; the
    /// token may then be listed and not stored.
    pub(crate) async fn restore_token(
        &self,
        token: &StoredToken,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let StoredToken { digest, record, .. } = token;
        let life = milliseconds(record.expires_at) - milliseconds(now);
        if life <= 0 {
            return Ok(());
        }
        let _removal = self.remove_when_done(*digest);
        if record.spent.is_none() {
            self.list(*digest, record, now).await?;
        }
        let mut store = cmd("SET");
        store
            .arg(self.client.keys().token(*digest))
            .arg(record.encode()?);
        let () = self.client.run(store.arg("PX").arg(life)).await?;
        match record.slot {
            Some(slot) if token.holds_slot => {
                self.point_slot_at(*slot.digest(), *digest, life).await
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether the announcement of a withdrawn token is removed.
#[derive(Clone, Copy)]
enum Announcement {
    Remove,
    Keep,
}
