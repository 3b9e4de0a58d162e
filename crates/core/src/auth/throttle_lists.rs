//! Lists of counted attempts for operators, and their removal.

use std::collections::BTreeSet;

use super::Auth;
use crate::directory::Account;
use crate::error::{AuthError, StoreError};
use crate::throttle::{
    AttemptTarget, BucketCursor, BucketKind, BucketList, BucketQuery, ClientIp, ListPart,
    ListedBucket, Throttle, ThrottledBucket, network_of, unlinked_account, user_account,
};
use crate::token_digest::TokenDigest;

/// How many buckets are read at a time if only some of them may match.
const STEP: usize = 200;

/// How many times buckets are read for a page.
const STEPS: usize = 5;

/// How many buckets are removed at a time.
const REMOVED_AT_A_TIME: usize = 1000;

/// A filter for buckets. All conditions that are set must match.
#[derive(Debug, Clone, Default)]
pub struct ThrottleFilter {
    /// The bucket of that key.
    pub handle: Option<TokenDigest>,
    /// Buckets of that login name, as it was given.
    pub name: Option<String>,
    /// Buckets of that address or its network.
    pub source: Option<ClientIp>,
}

/// Selects a page of the list of buckets: first the locked ones, the latest end of a lock first; then the others, of which
/// the one that is full last comes first.
#[derive(Debug, Clone)]
pub struct ThrottlePageQuery {
    /// The buckets that are listed.
    pub filter: ThrottleFilter,
    /// Only buckets of that kind.
    pub kind: Option<BucketKind>,
    /// Only one part of the list.
    pub part: Option<ListPart>,
    /// The place after which the page begins; `None` for the first page.
    pub after: Option<BucketCursor>,
    /// The maximum number of buckets.
    pub limit: usize,
}

/// A page of buckets. It may have fewer than the limit, even none, and still have a next one.
#[derive(Debug, Clone, Default)]
pub struct ThrottlePage {
    /// The buckets.
    pub buckets: Vec<ThrottledBucket>,
    /// The place after which the next page begins. `None` if this is the last one.
    pub next: Option<BucketCursor>,
}

/// The accounts and networks of a filter.
struct Scope {
    handle: Option<TokenDigest>,
    accounts: Option<Vec<TokenDigest>>,
    source: Option<ClientIp>,
    networks: Vec<TokenDigest>,
}

impl Scope {
    /// Returns the smallest lists that contain all buckets that match.
    fn lists(&self) -> Vec<BucketList> {
        match (&self.accounts, self.source) {
            (Some(accounts), _) => lists_of(accounts.iter().copied()),
            (None, Some(_)) => self
                .networks
                .iter()
                .copied()
                .map(BucketList::Network)
                .collect(),
            (None, None) => vec![BucketList::All],
        }
    }

    /// Returns whether the lists may contain buckets that do not match.
    fn is_partial(&self) -> bool {
        self.accounts.is_some() && self.source.is_some()
    }

    fn matches(&self, throttled: &ThrottledBucket) -> bool {
        let bucket = &throttled.bucket;
        let is_of = |accounts: &Vec<TokenDigest>| {
            bucket
                .account
                .is_some_and(|account| accounts.contains(&account))
        };
        let is_from = |source: ClientIp| {
            let network = bucket.network.as_deref();
            network.is_some_and(|network| source.counts_for(network))
        };
        self.accounts.as_ref().is_none_or(is_of) && self.source.is_none_or(is_from)
    }
}

impl Auth {
    /// Returns a page of the buckets that are not full and that match. Empty if login attempts are not limited. A bucket
    /// whose attempts were cut off before their outcome may be missing until it is locked.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the throttle's store is unavailable, or if the directory is, in which the
    /// name of the filter is looked up.
    pub async fn throttle_page(
        &self,
        query: &ThrottlePageQuery,
    ) -> Result<ThrottlePage, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(ThrottlePage::default());
        };
        let scope = self.throttle_scope(&query.filter).await?;
        Ok(self.matching_page(throttle.store(), &scope, query).await?)
    }

    async fn matching_page(
        &self,
        store: &dyn Throttle,
        scope: &Scope,
        query: &ThrottlePageQuery,
    ) -> Result<ThrottlePage, StoreError> {
        let matches = |one: &ThrottledBucket| {
            let part = match one.locked_until {
                Some(_) => ListPart::Locked,
                None => ListPart::Unlocked,
            };
            scope.matches(one)
                && query.kind.is_none_or(|kind| one.bucket.kind == kind)
                && query.part.is_none_or(|wanted| part == wanted)
        };
        let mut page = ThrottlePage::default();
        if let Some(handle) = scope.handle {
            page.buckets = store.find(&[handle], self.now()).await?;
            page.buckets.retain(matches);
            return Ok(page);
        }
        let lists = scope.lists();
        let is_partial = scope.is_partial() || query.kind.is_some();
        let begin = BucketCursor::before(query.part.unwrap_or(ListPart::Locked));
        page.next = Some(query.after.unwrap_or(begin));
        for _ in 0..STEPS {
            let missing = query.limit.saturating_sub(page.buckets.len());
            let Some(after) = page.next.filter(|_| missing > 0) else {
                break;
            };
            // Some of them may not match.
            let limit = if is_partial {
                missing.max(STEP)
            } else {
                missing
            };
            let asked = BucketQuery {
                lists: lists.clone(),
                after,
                limit,
            };
            let read = store.list(&asked, self.now()).await?;
            let is_in_part = |next: &BucketCursor| query.part.is_none_or(|part| next.part == part);
            page.next = read.next.filter(is_in_part);
            let mut last = None;
            for ListedBucket { place, bucket } in read.buckets {
                if !matches(&bucket) {
                    continue;
                }
                if page.buckets.len() == query.limit {
                    page.next = last;
                    break;
                }
                page.buckets.push(bucket);
                last = Some(place);
            }
        }
        Ok(page)
    }

    /// Returns what the filter stands for. Fails with [`AuthError::Unavailable`] if the directory is unavailable.
    async fn throttle_scope(&self, filter: &ThrottleFilter) -> Result<Scope, AuthError> {
        let accounts = match &filter.name {
            Some(name) => Some(self.accounts(name).await?),
            None => None,
        };
        let names = filter
            .source
            .map(|source| [source.host(), source.network()]);
        let names = names.into_iter().flatten();
        let networks = names.flat_map(|name| {
            let peppers = self.components.peppers.each();
            peppers.map(move |pepper| network_of(pepper, &name))
        });
        Ok(Scope {
            handle: filter.handle,
            accounts,
            source: filter.source,
            networks: networks.collect(),
        })
    }

    /// Returns the digests under which the attempts of one user are counted: those of the given name and, if a
    /// user has that name, those of the user name, the e-mail address and the user. Fails with
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub(super) async fn accounts(&self, name: &str) -> Result<Vec<TokenDigest>, AuthError> {
        let pepper = &self.components.peppers.current;
        let of_name = |name: &str| {
            let here = AttemptTarget::Password(name).account(pepper);
            [here, unlinked_account(pepper, name)]
        };
        let mut accounts = of_name(name).to_vec();
        if let Some(Account { user, .. }) = self.components.directory.account(name).await? {
            accounts.extend(of_name(&user.user_name));
            accounts.extend(user.email.as_deref().into_iter().flat_map(of_name));
            accounts.push(user_account(pepper, user.id));
        }
        Ok(accounts)
    }

    /// Removes the buckets that match the filter, and returns how many there were; without a condition, also those that
    /// are in no list. Fails with [`AuthError::Unavailable`] if a store is unavailable; some buckets may have been removed.
    pub(super) async fn reset_buckets(&self, filter: &ThrottleFilter) -> Result<u64, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(0);
        };
        let (store, scope) = (throttle.store(), self.throttle_scope(filter).await?);
        if scope.handle.is_none() && scope.lists() == [BucketList::All] {
            return Ok(store.clear(self.now()).await?);
        }
        Ok(self.remove_matching(store, &scope).await?)
    }

    /// Removes all buckets of accounts, and returns how many there were. Fails if the throttle's store is unavailable.
    pub(super) async fn remove_buckets_of(
        &self,
        store: &dyn Throttle,
        accounts: impl Iterator<Item = TokenDigest>,
    ) -> Result<u64, StoreError> {
        let scope = Scope {
            handle: None,
            accounts: Some(accounts.collect()),
            source: None,
            networks: Vec::new(),
        };
        self.remove_matching(store, &scope).await
    }

    async fn remove_matching(
        &self,
        store: &dyn Throttle,
        scope: &Scope,
    ) -> Result<u64, StoreError> {
        let mut query = ThrottlePageQuery {
            filter: ThrottleFilter::default(),
            kind: None,
            part: None,
            after: None,
            limit: REMOVED_AT_A_TIME,
        };
        let mut removed = 0;
        loop {
            let page = self.matching_page(store, scope, &query).await?;
            let buckets: Vec<_> = page.buckets.into_iter().map(|one| one.bucket).collect();
            removed += store.remove(&buckets).await?;
            query.after = page.next;
            if query.after.is_none() {
                return Ok(removed);
            }
        }
    }
}

/// Returns the lists of accounts, each once.
pub(super) fn lists_of(accounts: impl Iterator<Item = TokenDigest>) -> Vec<BucketList> {
    let accounts: BTreeSet<_> = accounts.collect();
    accounts.into_iter().map(BucketList::Account).collect()
}
