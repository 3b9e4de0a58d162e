//! How a login asks the guard, and tells it how it ended.

use super::Auth;
use crate::error::AuthError;
use crate::password::Place;
use crate::throttle::{Guess, Origin, Source, Strained, Turn};
use crate::token::TokenDigest;

impl Auth {
    /// A try at that guess. `None` where nobody counts. Who is locked out has no place for a check while
    /// he waits as long as one takes: he could fill them all.
    pub(super) async fn turn<'g>(
        &'g self,
        guess: Guess<'_>,
        origin: &Origin,
        place: &mut Option<Place>,
    ) -> Result<Option<Turn<'g>>, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(None);
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        let turn = guard.turn(pepper, clock, guess, origin).await;
        if let Err(AuthError::Throttled { .. }) = turn {
            match guess {
                // A wrong one would have been hashed: a lock that is answered in the same words is
                // answered in the same time.
                Guess::Password(_) | Guess::PassCode(_) => {
                    *place = None;
                    self.0.passwords.wait_like_a_check().await;
                }
                // A wrong one is told at once.
                Guess::Key | Guess::Code(_) => {}
            }
        }
        turn.map(Some)
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
        let account = filter.name.as_deref().map(|name| {
            let pepper = &self.0.peppers.current;
            Guess::Password(name).account(pepper)
        });
        let mut strained = guard.strained(self.now()).await?;
        strained.retain(|strained| {
            let bucket = &strained.bucket;
            let network = || bucket.network.as_deref();
            filter.handle.is_none_or(|handle| bucket.key == handle)
                && account.is_none_or(|account| bucket.account == account)
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

/// Tells the guard how a try ended, and answers the same. Only what was wrong stays taken: whoever
/// has the right password is not punished for the rest.
pub(super) async fn settled<T>(
    turn: Option<Turn<'_>>,
    outcome: Result<T, AuthError>,
) -> Result<T, AuthError> {
    let Some(mut turn) = turn else {
        return outcome;
    };
    match &outcome {
        Ok(_) => turn.was_right().await?,
        Err(AuthError::InvalidCredentials) => {}
        Err(
            AuthError::AccountDisabled
            | AuthError::SecondFactorRequired
            | AuthError::InvalidToken
            | AuthError::Forbidden
            | AuthError::Overloaded { .. }
            | AuthError::Throttled { .. }
            | AuthError::Unavailable(_),
        ) => turn.give_back().await?,
    }
    outcome
}
