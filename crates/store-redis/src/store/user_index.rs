//! The tokens that are listed under a user, and how many there may be.

use isogloss_core::store::{Record, TokenStore as _};
use isogloss_core::{StoreError, TokenDigest};
use redis::{ScriptInvocation, cmd, pipe};
use time::OffsetDateTime;
use tracing::warn;
use uuid::Uuid;

use crate::RedisStore;
use crate::scripts::announcement;

impl RedisStore {
    /// Lists a token under its user and under the administrator who acts as the user. Fails if Redis fails;
    /// the token may then be listed under one of them.
    pub(crate) async fn list(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let lists = self.scripts.lists(digest, record, now);
        self.list_each(&lists).await
    }

    /// Announces a token under its user and the administrator who acts as the user, before it is stored: from
    /// then on, removing all tokens of the user removes it. Fails if Redis fails.
    pub(crate) async fn announce(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let announcements = self.scripts.announcements(digest, record, now);
        self.list_each(&announcements).await
    }

    async fn list_each(&self, lists: &[ScriptInvocation<'_>]) -> Result<(), StoreError> {
        for list in lists {
            let _: usize = self.client.run_script(list).await?;
        }
        Ok(())
    }

    /// Lists a token that was announced and is stored now. Returns what is listed under its user (the token
    /// itself and those that arrived before) if that may be too many, and nothing otherwise. Fails if Redis
    /// fails.
    pub(crate) async fn list_arrived(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let mut of_user = None;
        let least = self.caps.least(record);
        for arrive in self.scripts.arrivals(digest, record, (now, least)) {
            let listed: Vec<[u8; 16]> = self.client.run_script(&arrive).await?;
            of_user.get_or_insert(listed);
        }
        let listed = of_user.unwrap_or_default().into_iter();
        Ok(listed.map(TokenDigest::from).collect())
    }

    pub(crate) async fn unlist(
        &self,
        record: &Record,
        digest: TokenDigest,
    ) -> Result<(), StoreError> {
        for user in record.listed_under() {
            let mut unlist = cmd("ZREM");
            unlist
                .arg(self.client.keys().user(user))
                .arg(digest.as_bytes());
            let () = self.client.run(&unlist).await?;
        }
        Ok(())
    }

    pub(crate) async fn members(&self, user: Uuid) -> Result<Vec<TokenDigest>, StoreError> {
        let mut range = cmd("ZRANGE");
        range.arg(self.client.keys().user(user)).arg(0).arg(-1);
        let members: Vec<[u8; 16]> = self.client.run(&range).await?;
        Ok(members.into_iter().map(TokenDigest::from).collect())
    }

    /// Ends the tokens of a user beyond the limits, when the newest of `listed` has arrived, and returns
    /// those that it ended. Tokens that arrive later end what exceeds the limits then, so no two end each
    /// other. A listed token that does not exist may belong to a login in progress: it stays listed until it
    /// would have expired.
    ///
    /// If Redis fails here, the login has succeeded all the same; the failure is logged, and the next login
    /// ends the tokens beyond the limits.
    pub(crate) async fn enforce_limits(
        &self,
        listed: Vec<TokenDigest>,
        newest: (TokenDigest, Uuid),
        now: OffsetDateTime,
    ) -> Vec<TokenDigest> {
        let mut evicted = Vec::new();
        if let Err(error) = self.evict(listed, newest, now, &mut evicted).await {
            warn!(%error, user = %newest.1, "tokens above a limit stay valid until the next login of their user");
        }
        evicted
    }

    async fn evict(
        &self,
        listed: Vec<TokenDigest>,
        (newest, user): (TokenDigest, Uuid),
        now: OffsetDateTime,
        evicted: &mut Vec<TokenDigest>,
    ) -> Result<(), StoreError> {
        let mut tokens = self.records(listed).await?;
        tokens.retain(|(_, record)| record.user == user);
        for digest in self.caps.excess(tokens, newest, now).evicted {
            // A token that another login has ended concurrently is reported there.
            if self.remove(digest).await?.is_some() {
                evicted.push(digest);
            }
        }
        Ok(())
    }

    /// Makes a token the holder of an exclusive slot for `life` milliseconds, and ends the previous holder
    /// first: if a response is lost in between, the slot leads to a token that has ended, and the next token
    /// finds it free. Fails if Redis fails.
    pub(crate) async fn take_over(
        &self,
        slot: TokenDigest,
        digest: TokenDigest,
        life: i64,
    ) -> Result<(), StoreError> {
        let mut ended = None;
        loop {
            let hold = self.scripts.hold(slot, (ended, digest), life);
            let holder: Option<[u8; 16]> = self.client.run_script(&hold).await?;
            let Some(holder) = holder.map(TokenDigest::from) else {
                return Ok(());
            };
            self.remove(holder).await?;
            ended = Some(holder);
        }
    }

    /// Makes a slot lead to a token for `life` milliseconds. Fails if Redis fails.
    pub(crate) async fn point_slot_at(
        &self,
        slot: TokenDigest,
        digest: TokenDigest,
        life: i64,
    ) -> Result<(), StoreError> {
        let mut set = cmd("SET");
        set.arg(self.client.keys().slot(slot))
            .arg(digest.as_bytes());
        self.client.run(set.arg("PX").arg(life)).await
    }

    /// Removes all tokens of a user, including announced ones, and returns how many there were. Fails if
    /// Redis fails, or if too few replicas acknowledge; tokens may have been removed then.
    pub(crate) async fn remove_all(&self, user: Uuid) -> Result<u64, StoreError> {
        let members = self.members(user).await?;
        if members.is_empty() {
            self.confirm_earlier_writes().await?;
            return Ok(0);
        }
        let tokens = members
            .iter()
            .map(|member| [*member, announcement(*member)]);
        let tokens: Vec<_> = tokens.flatten().collect();
        let _removals: Vec<_> = tokens
            .iter()
            .map(|token| self.remove_when_done(*token))
            .collect();
        let mut removal = pipe();
        for token in &tokens {
            removal.cmd("DEL").arg(self.client.keys().token(*token));
        }
        let removed: Vec<u64> = self.client.run_revocation(&removal).await?;
        let pairs = members.iter().zip(removed.chunks(2));
        let gone = pairs.filter(|(_, removed)| removed.iter().sum::<u64>() > 0);
        let gone: Vec<_> = gone.map(|(member, _)| member.as_bytes()).collect();
        if gone.len() < members.len() {
            // The removals here confirm nothing at the other primaries of a cluster.
            self.confirm_earlier_writes().await?;
        }
        // Only those that were there: a listed token that is not there may be about to be stored.
        if !gone.is_empty() {
            let mut unlist = cmd("ZREM");
            unlist.arg(self.client.keys().user(user)).arg(&gone);
            let () = self.client.run(&unlist).await?;
        }
        Ok(removed.into_iter().sum())
    }
}
