//! The tokens that are listed under a user, and how many there may be.

use ::redis::cmd;
use time::OffsetDateTime;
use uuid::Uuid;

use super::RedisStore;
use crate::error::StoreError;
use crate::store::{Record, TokenStore as _};
use crate::token::TokenDigest;

impl RedisStore {
    /// Lists a token under its user and under the administrator who acts as the user, and answers how
    /// many are listed under the user.
    pub(super) async fn list(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let mut listed = None;
        for list in self.scripts.lists(digest, record, now) {
            let count = self.link.script(&list).await?;
            listed.get_or_insert(count);
        }
        Ok(listed.unwrap_or_default())
    }

    pub(super) async fn unlist(
        &self,
        record: &Record,
        digest: TokenDigest,
    ) -> Result<(), StoreError> {
        for user in record.listed_under() {
            let mut unlist = cmd("ZREM");
            unlist
                .arg(self.link.keys().user(user))
                .arg(digest.as_bytes());
            let () = self.link.ask(&unlist).await?;
        }
        Ok(())
    }

    pub(super) async fn members(&self, user: Uuid) -> Result<Vec<TokenDigest>, StoreError> {
        let mut range = cmd("ZRANGE");
        range.arg(self.link.keys().user(user)).arg(0).arg(-1);
        let members: Vec<[u8; 16]> = self.link.ask(&range).await?;
        Ok(members.into_iter().map(TokenDigest::from).collect())
    }

    /// Ends what a user holds beyond the caps, and answers it. What is listed and not there may be
    /// a login that is under way: it stays listed until it would have expired.
    pub(super) async fn enforce_caps(
        &self,
        user: Uuid,
        newest: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let mut tokens = self.records(self.members(user).await?).await?;
        tokens.retain(|(_, record)| record.user == user);
        let evicted = self.caps.surplus(tokens, newest, now).evicted;
        for digest in &evicted {
            self.take(*digest).await?;
        }
        Ok(evicted)
    }
}
