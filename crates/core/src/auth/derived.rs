//! What came of a token: it ends with it when an operator says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use uuid::Uuid;

use super::Auth;
use crate::error::{AuthError, StoreError};
use crate::store::Record;
use crate::token::TokenDigest;

/// Records by their digests: a store may show one twice.
pub(super) type Found = BTreeMap<TokenDigest, Record>;

/// Tokens, and how to recognise what came of them.
#[derive(Default)]
struct Family {
    /// Each of them.
    members: BTreeSet<TokenDigest>,
    /// How near the nearest of them is to its login, for each login.
    depths: HashMap<TokenDigest, u32>,
}

impl Family {
    fn add(&mut self, digest: TokenDigest, record: &Record) {
        self.members.insert(digest);
        self.members
            .extend(record.spent.and_then(|spent| spent.child));
        let depth = self.depths.entry(record.root(digest));
        let depth = depth.or_insert(u32::MAX);
        *depth = record.depth().min(*depth);
    }

    /// Returns whether a token came of one of them. Of a token with more ancestors than are kept, all that is
    /// known may be that it came of the same login and later: it counts as derived.
    fn has_made(&self, digest: TokenDigest, record: &Record) -> bool {
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
    /// Adds what came of the tokens that were found.
    pub(super) async fn add_derived(&self, found: &mut Found) -> Result<(), AuthError> {
        let mut family = Family::default();
        let mut users = BTreeSet::new();
        for (digest, record) in found.iter() {
            family.add(*digest, record);
            users.extend([Some(record.user), record.actor].into_iter().flatten());
        }
        for user in users {
            self.add_children(&family, user, found).await?;
        }
        Ok(())
    }

    /// Returns what came of a token that is not there any more: nothing but its handle is known.
    pub(super) async fn derived_of_ended(&self, handle: TokenDigest) -> Result<Found, StoreError> {
        let mut found = Found::new();
        let visit = &mut |digest, record: Record| {
            if record.ancestors().any(|ancestor| ancestor == handle) {
                found.insert(digest, record);
            }
            ControlFlow::Continue(())
        };
        self.0.tokens.each(visit).await?;
        Ok(found)
    }

    /// Ends a token and what came of it. It belongs to the user of that record, or to the actor.
    pub(super) async fn end_family(
        &self,
        token: TokenDigest,
        of: &Record,
    ) -> Result<(), AuthError> {
        let mut family = Family::default();
        family.members.insert(token);
        if let Some(record) = self.record_of(token).await? {
            family.add(token, &record);
        }
        let mut found = Found::new();
        for user in [Some(of.user), of.actor].into_iter().flatten() {
            self.add_children(&family, user, &mut found).await?;
        }
        self.end(token).await?;
        for digest in found.into_keys() {
            if digest != token {
                self.end(digest).await?;
            }
        }
        Ok(())
    }

    async fn add_children(
        &self,
        family: &Family,
        user: Uuid,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        for (digest, record) in self.0.tokens.of_user(user).await? {
            if family.has_made(digest, &record) {
                found.insert(digest, record);
            }
        }
        Ok(())
    }
}
