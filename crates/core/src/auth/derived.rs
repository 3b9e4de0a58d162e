//! What came of a token: it ends with it when an operator says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use uuid::Uuid;

use super::Auth;
use super::sessions::Filter;
use crate::error::{AuthError, StoreError};
use crate::store::Record;
use crate::token_digest::TokenDigest;

/// Records by their digests: a store may show one twice.
pub(super) type Found = BTreeMap<TokenDigest, Record>;

/// How often what came of a token is looked for after its end. The second time finds what was being
/// derived while the first looked.
const PASSES: usize = 2;

/// Tokens, and how to recognise what came of them.
#[derive(Default)]
pub(super) struct Family {
    /// Each of them.
    members: BTreeSet<TokenDigest>,
    /// How near the nearest of them is to its login, for each login.
    depths: HashMap<TokenDigest, u32>,
    /// Whose lists show what came of them; all records if it is empty.
    users: BTreeSet<Uuid>,
}

impl Family {
    /// Returns the family of the tokens that a filter chose. Of a handle that is not there any more
    /// nothing else is known.
    pub(super) fn chosen(filter: &Filter, chosen: &Found) -> Self {
        let mut family = Self::default();
        family.extend(chosen);
        if filter.handle.is_none() && filter.user.is_none() {
            // All records were looked at, and are once more: that is one query, not one for each user.
            family.users.clear();
        }
        if chosen.is_empty() {
            family.members.extend(filter.handle);
        }
        family
    }

    fn extend(&mut self, found: &Found) {
        for (digest, record) in found {
            self.add(*digest, record);
            self.users.extend(owners(record));
        }
    }

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
    /// Ends what came of tokens that have been ended, and returns how many live ones that were.
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

    /// Ends tokens, and returns how many live ones that were.
    pub(super) async fn end_each(&self, found: &Found) -> Result<u64, AuthError> {
        let mut ended = 0;
        for digest in found.keys() {
            self.1.forget(*digest);
            let taken = self.0.tokens.take(*digest).await?;
            ended += u64::from(taken.is_some_and(|record| record.is_live(self.now())));
        }
        Ok(ended)
    }

    /// Ends a token and what came of it. It belongs to the user of that record, or to the actor.
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
        self.end(token).await?;
        for _ in 0..PASSES {
            for (digest, record) in self.derived(&family).await? {
                family.add(digest, &record);
                self.end(digest).await?;
            }
        }
        Ok(())
    }

    /// Returns the members of a family that are there, and what came of them.
    async fn derived(&self, family: &Family) -> Result<Found, StoreError> {
        let mut found = Found::new();
        if family.members.is_empty() {
            return Ok(found);
        }
        let mut add = |digest, record: Record| {
            if family.has_made(digest, &record) {
                found.insert(digest, record);
            }
        };
        for user in &family.users {
            for (digest, record) in self.0.tokens.of_user(*user).await? {
                add(digest, record);
            }
        }
        if family.users.is_empty() {
            let visit = &mut |digest, record| {
                add(digest, record);
                ControlFlow::Continue(())
            };
            self.0.tokens.each(visit).await?;
        }
        Ok(found)
    }
}

/// The users whose lists hold a record.
fn owners(record: &Record) -> impl Iterator<Item = Uuid> {
    [Some(record.user), record.actor].into_iter().flatten()
}
