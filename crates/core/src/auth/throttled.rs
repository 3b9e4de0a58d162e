//! Logins and the login throttle: taking an attempt, and reporting how it ended.

use isogloss_password::Place;

use super::Auth;
use crate::directory::Account;
use crate::error::AuthError;
use crate::throttle::{Guess, Origin, Proof, Source, Strained, Turn, user_account};
use crate::token_digest::TokenDigest;

impl Auth {
    /// Takes an attempt at a guess. `None` if attempts are not counted. `proven` is a live token that came with
    /// the attempt, if it is that of the user whose name is tried.
    ///
    /// A locked-out client releases its place for a check before the delay that makes the lock take as long as a
    /// check; otherwise locked-out clients could fill all places.
    pub(super) async fn turn<'g>(
        &'g self,
        (guess, proven): (Guess<'_>, Option<Proof>),
        origin: &Origin,
        place: &mut Option<Place>,
    ) -> Result<Option<Turn<'g>>, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(None);
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        let turn = guard.turn(pepper, clock, (guess, proven), origin).await;
        if let Err(AuthError::Throttled { .. }) = turn {
            match guess {
                // A wrong password would have been hashed. The lock has the same response, so it must take the
                // same time.
                Guess::Password(_) | Guess::PassCode(_) => {
                    *place = None;
                    self.0.passwords.wait_like_a_check().await;
                }
                // A wrong code is refused immediately.
                Guess::CardCode(_) | Guess::Code(_) => {}
            }
        }
        turn.map(Some)
    }

    /// Checks a key, and counts it against its source if it is wrong.
    pub(super) async fn counted_key<T>(
        &self,
        key: &str,
        origin: &Origin,
        check: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        let Some(guard) = &self.0.guard else {
            return check.await;
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        let turn = guard.key_turn(pepper, clock, key, origin).await?;
        turn.settle(check.await).await
    }

    pub(super) async fn grants_letter(
        &self,
        name: &str,
        origin: &Origin,
    ) -> Result<bool, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(true);
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        Ok(guard.grants_letter(pepper, clock, name, origin).await?)
    }
}

impl Auth {
    /// Returns the buckets that are not full and that match the filter, locked ones first.
    pub async fn strained(&self, filter: &StrainedFilter) -> Result<Vec<Strained>, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(Vec::new());
        };
        let accounts = match &filter.name {
            Some(name) => Some(self.accounts(name).await?),
            None => None,
        };
        let mut strained = guard.strained(self.now()).await?;
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
                    network().is_some_and(|network| {
                        network == source.host() || network == source.network()
                    })
                })
        });
        strained.sort_by_key(|strained| {
            let order = (strained.locked_until, strained.full_at);
            (std::cmp::Reverse(order), strained.bucket.key)
        });
        Ok(strained)
    }

    /// Returns the digests under which the attempts of one user are counted: that of the given name and, if a
    /// user has that name, those of the user name, the e-mail address and the user.
    async fn accounts(&self, name: &str) -> Result<Vec<TokenDigest>, AuthError> {
        let pepper = &self.0.peppers.current;
        let of_name = |name: &str| Guess::Password(name).account(pepper);
        let mut accounts = vec![of_name(name)];
        if let Some(Account { user, .. }) = self.0.directory.account(name).await? {
            accounts.push(of_name(&user.user_name));
            accounts.extend(user.email.as_deref().map(of_name));
            accounts.push(user_account(pepper, user.id));
        }
        Ok(accounts)
    }

    pub(super) async fn fill_up(&self, filter: &StrainedFilter) -> Result<u64, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(0);
        };
        let mut cleared = 0;
        for strained in self.strained(filter).await? {
            cleared += u64::from(guard.reset(strained.bucket.key).await?);
        }
        Ok(cleared)
    }
}

/// A filter for buckets. All conditions that are set must match.
#[derive(Debug, Clone, Default)]
pub struct StrainedFilter {
    /// The bucket of that key.
    pub handle: Option<TokenDigest>,
    /// Buckets of that login name, as it was given.
    pub name: Option<String>,
    /// Buckets of that address or its network.
    pub source: Option<Source>,
}

/// Reports the outcome of an attempt to the throttle, and returns it.
pub(super) async fn settled<T>(
    turn: Option<Turn<'_>>,
    outcome: Result<T, AuthError>,
) -> Result<T, AuthError> {
    let Some(mut turn) = turn else {
        return outcome;
    };
    match &outcome {
        Ok(_) => turn.was_right().await?,
        Err(error) if error.is_wrong_guess() => {}
        Err(_) => turn.give_back().await?,
    }
    outcome
}
