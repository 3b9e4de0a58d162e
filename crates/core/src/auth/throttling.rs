//! Logins and the login throttle: taking an attempt, and reporting how it ended.

use isogloss_password::HashingPermit;

use super::Auth;
use crate::error::AuthError;
use crate::throttle::{Attempt, AttemptTarget, KnownDevice, LoginOrigin};

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
        Err(error) if error.is_wrong_guess() => attempt.fail().await,
        Err(_) => attempt.refund().await?,
    }
    outcome
}
