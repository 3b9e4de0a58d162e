//! How a login asks the guard, and tells it how it ended.

use super::Auth;
use crate::error::AuthError;
use crate::throttle::{Guess, Origin, Turn};

impl Auth {
    /// A try at that guess. `None` where nobody counts.
    pub(super) async fn turn<'g>(
        &'g self,
        guess: Guess<'_>,
        origin: &Origin,
    ) -> Result<Option<Turn<'g>>, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(None);
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        guard.turn(pepper, clock, guess, origin).await.map(Some)
    }

    /// Whether one more letter may be sent to that name. It counts as sent.
    pub async fn may_write(&self, name: &str, origin: &Origin) -> Result<bool, AuthError> {
        let Some(guard) = &self.0.guard else {
            return Ok(true);
        };
        let (pepper, clock) = (&self.0.peppers.current, self.0.clock.as_ref());
        Ok(guard.grants_letter(pepper, clock, name, origin).await?)
    }
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
