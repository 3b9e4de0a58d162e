//! Tokens that are derived from others: they end together if an operator requests that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use uuid::Uuid;

use super::Auth;
use super::sessions::SessionFilter;
use crate::error::{AuthError, StoreError};
use crate::store::Record;
use crate::token_digest::TokenDigest;

/// Records by their digests: a store may return a record twice.
pub(super) type Found = BTreeMap<TokenDigest, Record>;

/// The number of searches for derived tokens after the end of a token. The second search finds tokens that were
/// issued during the first.
const PASSES: usize = 2;

/// A set of tokens, with what is needed to recognise tokens derived from them.
#[derive(Default)]
pub(super) struct Family {
    /// The tokens of the set.
    members: BTreeSet<TokenDigest>,
    /// For each login, the smallest depth of a member below it.
    depths: HashMap<TokenDigest, u32>,
    /// The users whose lists contain the derived tokens. If empty, all records are searched.
    users: BTreeSet<Uuid>,
}

impl Family {
    /// Returns the family of the tokens that a filter selected. If the token of a handle no longer exists, only
    /// its handle is a member.
    pub(super) fn chosen(filter: &SessionFilter, chosen: &Found) -> Self {
        let mut family = Self::default();
        family.extend(chosen);
        if filter.handle.is_none() && filter.user.is_none() {
            // The filter has searched all records. One more search of all is one query, not one for each user.
            family.users.clear();
        }
        if chosen.is_empty() {
            family.members.extend(filter.handle);
        }
        family
    }

    /// Adds tokens as members, and their users to those whose lists are searched.
    fn extend(&mut self, found: &Found) {
        for (digest, record) in found {
            self.add(*digest, record);
            self.users.extend(owners(record));
        }
    }

    /// Adds a token as a member, and with it the token for which it was redeemed, if it is a one-time token.
    fn add(&mut self, digest: TokenDigest, record: &Record) {
        self.members.insert(digest);
        self.members
            .extend(record.spent.and_then(|spent| spent.child));
        let depth = self.depths.entry(record.root(digest));
        let depth = depth.or_insert(u32::MAX);
        *depth = record.depth().min(*depth);
    }

    /// Returns whether a token is a member or is derived from one. For a token with more ancestors than are
    /// recorded, it may only be known that it has the same login as a member and a greater depth: then it counts
    /// as derived.
    fn contains_or_derives(&self, digest: TokenDigest, record: &Record) -> bool {
        if self.members.contains(&digest) {
            return true;
        }
        let mut ancestors = record.ancestors();
        if ancestors.any(|ancestor| self.members.contains(&ancestor)) {
            return true;
        }
        let nearest = self.depths.get(&record.root(digest));
        record.is_shortened() && nearest.is_some_and(|depth| *depth < record.depth())
    }
}

impl Auth {
    /// Ends the tokens that are derived from tokens that have been ended, and returns how many of them were
    /// live. Fails with [`AuthError::Unavailable`] if the token store is unavailable; some tokens may have
    /// ended.
    pub(super) async fn end_derived(&self, mut family: Family) -> Result<u64, AuthError> {
        let mut ended = 0;
        for _ in 0..PASSES {
            let derived = self.derived(&family).await?;
            ended += self.end_each(&derived).await?;
            for (digest, record) in &derived {
                family.add(*digest, record);
            }
        }
        Ok(ended)
    }

    /// Ends tokens, and returns how many of them were live. Fails with [`AuthError::Unavailable`] if the token
    /// store is unavailable; some tokens may have ended.
    pub(super) async fn end_each(&self, found: &Found) -> Result<u64, AuthError> {
        let mut ended = 0;
        for digest in found.keys() {
            self.recent_tokens.forget(*digest);
            let taken = self.components.tokens.remove(*digest).await?;
            ended += u64::from(taken.is_some_and(|record| record.is_live(self.now())));
        }
        Ok(ended)
    }

    /// Ends a token and the tokens derived from it, and records each end in the audit log. The token must belong
    /// to the user of the record `of`, or to its actor: only their lists are searched. Fails with
    /// [`AuthError::Unavailable`] if the token store is unavailable; some tokens may have ended.
    pub(super) async fn end_family(
        &self,
        token: TokenDigest,
        of: &Record,
    ) -> Result<(), AuthError> {
        let mut family = Family::default();
        family.members.insert(token);
        family.users.extend(owners(of));
        if let Some(record) = self.record_of(token).await? {
            family.add(token, &record);
        }
        self.revoke_by_digest(token).await?;
        for _ in 0..PASSES {
            for (digest, record) in self.derived(&family).await? {
                family.add(digest, &record);
                self.revoke_by_digest(digest).await?;
            }
        }
        Ok(())
    }

    /// Returns the records of members that still exist, and of tokens that are derived from members. Fails if
    /// the token store is unavailable.
    async fn derived(&self, family: &Family) -> Result<Found, StoreError> {
        let mut found = Found::new();
        if family.members.is_empty() {
            return Ok(found);
        }
        let mut add = |digest, record: Record| {
            if family.contains_or_derives(digest, &record) {
                found.insert(digest, record);
            }
        };
        for user in &family.users {
            for (digest, record) in self.components.tokens.list_by_user(*user).await? {
                add(digest, record);
            }
        }
        if family.users.is_empty() {
            let visit = &mut |digest, record| {
                add(digest, record);
                ControlFlow::Continue(())
            };
            self.components.tokens.scan(visit).await?;
        }
        Ok(found)
    }
}

/// Returns the users whose lists contain a record: its user, and the administrator who acts as the user.
fn owners(record: &Record) -> impl Iterator<Item = Uuid> {
    [Some(record.user), record.actor].into_iter().flatten()
}
