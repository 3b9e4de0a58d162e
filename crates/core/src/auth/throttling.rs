//! Logins and the login throttle: taking an attempt, and reporting how it ended.

use isogloss_password::HashingPermit;

use super::Auth;
use crate::directory::Account;
use crate::error::AuthError;
use crate::throttle::{
    Attempt, AttemptTarget, ClientIp, KnownDevice, LoginOrigin, ThrottledBucket, unlinked_account,
    user_account,
};
use crate::token_digest::TokenDigest;

impl Auth {
    /// Takes an attempt at a target and returns it. `None` if attempts are not limited. `known_device` is a live token
    /// that came with the attempt, if it is that of the user whose name is tried. Fails with
    /// [`AuthError::Throttled`] if a lock refuses the attempt, and with [`AuthError::Unavailable`] if the
    /// throttle's store is unavailable.
    ///
    /// A locked-out client releases its hashing permit before the delay that makes the lock take as long as a
    /// check; otherwise locked-out clients could hold all permits.
    pub(super) async fn attempt<'g>(
        &'g self,
        (target, known_device): (AttemptTarget<'_>, Option<KnownDevice>),
        origin: &LoginOrigin,
        permit: &mut Option<HashingPermit>,
    ) -> Result<Option<Attempt<'g>>, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(None);
        };
        let (pepper, clock) = (
            &self.components.peppers.current,
            self.components.clock.as_ref(),
        );
        let attempt = throttle
            .attempt(pepper, clock, (target, known_device), origin)
            .await;
        if let Err(AuthError::Throttled { .. }) = attempt {
            match target {
                // A wrong password would have been hashed. The lock has the same response, so it must take the
                // same time.
                AttemptTarget::Password(_) | AttemptTarget::PassCode(_) => {
                    *permit = None;
                    self.components.passwords.wait_like_recent_check().await;
                }
                // A wrong code is refused immediately.
                AttemptTarget::CardCode(_) | AttemptTarget::Code(_) => {}
            }
        }
        attempt.map(Some)
    }

    /// Returns the outcome of `check`, which checks a key, and counts a wrong key against its source. Fails with
    /// [`AuthError::Throttled`], without a check, if the source is locked, and with [`AuthError::Unavailable`]
    /// if the throttle's store is unavailable.
    pub(super) async fn throttled_key<T>(
        &self,
        key: &str,
        origin: &LoginOrigin,
        check: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return check.await;
        };
        let (pepper, clock) = (
            &self.components.peppers.current,
            self.components.clock.as_ref(),
        );
        let attempt = throttle.key_attempt(pepper, clock, key, origin).await?;
        attempt.settle(check.await).await
    }

    /// Returns whether one more e-mail may be sent to that name, which then counts as sent. Always `true` if
    /// attempts are not limited. Fails with [`AuthError::Unavailable`] if the throttle's store is unavailable.
    pub(super) async fn admit_email(
        &self,
        name: &str,
        origin: &LoginOrigin,
    ) -> Result<bool, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(true);
        };
        let (pepper, clock) = (
            &self.components.peppers.current,
            self.components.clock.as_ref(),
        );
        throttle.admit_email(pepper, clock, name, origin).await
    }
}

impl Auth {
    /// Returns the buckets that are not full and that match the filter: first the locked ones, the latest end of
    /// a lock first. Empty if login attempts are not limited.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the throttle's store is unavailable, or if the directory is, in which the
    /// name of the filter is looked up.
    pub async fn throttled_buckets(
        &self,
        filter: &ThrottleFilter,
    ) -> Result<Vec<ThrottledBucket>, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(Vec::new());
        };
        let accounts = match &filter.name {
            Some(name) => Some(self.accounts(name).await?),
            None => None,
        };
        let mut strained = throttle.throttled_buckets(self.now()).await?;
        strained.retain(|strained| {
            let bucket = &strained.bucket;
            let network = || bucket.network.as_deref();
            filter.handle.is_none_or(|handle| bucket.key == handle)
                && accounts.as_ref().is_none_or(|accounts| {
                    bucket
                        .account
                        .is_some_and(|account| accounts.contains(&account))
                })
                && filter.source.is_none_or(|source| {
                    network().is_some_and(|network| source.counts_for(network))
                })
        });
        strained.sort_by_key(|strained| {
            let order = (strained.locked_until, strained.full_at);
            (std::cmp::Reverse(order), strained.bucket.key)
        });
        Ok(strained)
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

    /// Resets the buckets that match the filter, and returns how many there were. Fails with
    /// [`AuthError::Unavailable`] if a store is unavailable; some buckets may have been reset.
    pub(super) async fn reset_buckets(&self, filter: &ThrottleFilter) -> Result<u64, AuthError> {
        let Some(throttle) = &self.components.throttle else {
            return Ok(0);
        };
        let mut cleared = 0;
        for strained in self.throttled_buckets(filter).await? {
            cleared += u64::from(throttle.reset(strained.bucket.key).await?);
        }
        Ok(cleared)
    }
}

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

/// Reports the outcome of an attempt to the throttle, and returns it. An attempt that was neither right nor
/// wrong does not count. Fails with the error of `outcome`, or with [`AuthError::Unavailable`] if the throttle's
/// store is unavailable.
pub(super) async fn settle_attempt<T>(
    attempt: Option<Attempt<'_>>,
    outcome: Result<T, AuthError>,
) -> Result<T, AuthError> {
    let Some(mut attempt) = attempt else {
        return outcome;
    };
    match &outcome {
        Ok(_) => attempt.succeed().await?,
        Err(error) if error.is_wrong_guess() => {}
        Err(_) => attempt.refund().await?,
    }
    outcome
}
