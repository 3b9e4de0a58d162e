//! How a login asks the guard, and tells it how it ended.

use super::Auth;
use crate::directory::Account;
use crate::error::AuthError;
use crate::password::Place;
use crate::throttle::{Guess, Origin, Proof, Source, Strained, Turn, user_account};
use crate::token_digest::TokenDigest;

impl Auth {
    /// Takes a try at that guess. `None` where nothing is counted. `proven` is a live token that came
    /// with it, if it is that of the user whose name is tried.
    ///
    /// A client that is locked out gives its place for a check back while it waits as long as one takes:
    /// it could fill them all.
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
                // A wrong one would have been hashed: a lock that is answered in the same words is
                // answered in the same time.
                Guess::Password(_) | Guess::PassCode(_) => {
                    *place = None;
                    self.0.passwords.wait_like_a_check().await;
                }
                // A wrong one is answered at once.
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
    /// The buckets that are not full and to which all of the filter applies, locked ones first.
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

    /// Returns what the tries of one user are counted under: the name that is given, and, if it is a
    /// user's, the user name, the e-mail address and the user.
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

/// Which buckets are meant: those to which all of it applies.
#[derive(Debug, Clone, Default)]
pub struct StrainedFilter {
    /// The one of that key.
    pub handle: Option<TokenDigest>,
    /// For that login name, as it was given.
    pub name: Option<String>,
    /// For that address or its network.
    pub source: Option<Source>,
}

/// Tells the guard how a try ended, and returns the same.
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
