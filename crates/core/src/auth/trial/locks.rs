//! The step of a trial that looks for locks which refuse the login.

use super::{TrialStep, fails, passes};
use crate::audit::moment;
use crate::auth::throttle_lists::lists_of;
use crate::auth::{Auth, Credentials};
use crate::error::{AuthError, StoreError};
use crate::throttle::{
    Bucket, BucketCursor, BucketKind, BucketQuery, ClientIp, ListPart, LoginThrottle,
    ThrottledBucket,
};
use crate::token_digest::TokenDigest;

/// How many running locks of the name are read. The buckets to which a login of a stranger is charged are looked up one by
/// one, so further locks are those of other clients.
const MOST: usize = 200;

impl Auth {
    /// Returns whether a lock refuses the login, and until when.
    pub(super) async fn try_locks(
        &self,
        credentials: &Credentials,
    ) -> Result<TrialStep, AuthError> {
        let none = || passes("locks", "none is active".to_owned());
        let Some(throttle) = &self.components.throttle else {
            return Ok(none());
        };
        let accounts = self.accounts(&credentials.name).await?;
        let source = credentials.origin.source;
        let mut locked = self.locks_of_name(throttle, &accounts, source).await?;
        locked.extend(self.locks_of_login(throttle, &accounts, source).await?);
        // Those of the name come first.
        locked.sort_by_key(|found| (found.bucket.account.is_none(), found.bucket.key));
        locked.dedup_by_key(|found| found.bucket.key);
        let locked = locked.iter().filter_map(|found| {
            let until = found.locked_until?;
            Some(format!("{} until {}", found.bucket.kind, moment(until)))
        });
        let locked: Vec<_> = locked.collect();
        Ok(if locked.is_empty() {
            none()
        } else {
            fails("locks", format!("active for {}", locked.join(", ")))
        })
    }

    /// Returns running locks of accounts that refuse logins from a source. Fails if the throttle's store is unavailable.
    async fn locks_of_name(
        &self,
        throttle: &LoginThrottle,
        accounts: &[TokenDigest],
        source: Option<ClientIp>,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        let query = BucketQuery {
            lists: lists_of(accounts.iter().copied()),
            after: BucketCursor::before(ListPart::Locked),
            limit: MOST,
        };
        let page = throttle.store().list(&query, self.now()).await?;
        let mut found: Vec<_> = page.buckets.into_iter().map(|one| one.bucket).collect();
        found.retain(|one| {
            let network = one.bucket.network.as_deref();
            // E-mails to the name are no logins.
            one.bucket.kind != BucketKind::Emails
                && network
                    .is_none_or(|network| source.is_none_or(|source| source.counts_for(network)))
        });
        Ok(found)
    }

    /// Returns the buckets to which a login of a stranger is charged and that are not full. Fails if the throttle's store
    /// is unavailable.
    async fn locks_of_login(
        &self,
        throttle: &LoginThrottle,
        accounts: &[TokenDigest],
        source: Option<ClientIp>,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        let pepper = &self.components.peppers.current;
        let network = source.map(ClientIp::network);
        let of_account = accounts.iter().map(|account| {
            let network = network.clone();
            Bucket::new(pepper, BucketKind::Account, Some(*account), None, network)
        });
        let of_source = source.into_iter().flat_map(|source| {
            let any = |kind, network| Bucket::new(pepper, kind, None, None, Some(network));
            [
                any(BucketKind::Source, source.host()),
                any(BucketKind::Network, source.network()),
            ]
        });
        let keys = of_account.chain(of_source).map(|bucket| bucket.key);
        let keys: Vec<_> = keys.collect();
        throttle.store().find(&keys, self.now()).await
    }
}
