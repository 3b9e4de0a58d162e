//! New passwords by a reset key.

use std::sync::Arc;

use isogloss_password::Claimant;
use secrecy::SecretString;
use tracing::warn;

use super::Auth;
use crate::error::{AuthError, PasswordError};
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::throttle::user_account;
use crate::token::Token;
use crate::user::User;

impl Auth {
    pub(super) async fn try_reset(
        &self,
        key: &Token,
        password: SecretString,
    ) -> Result<User, PasswordError> {
        let session = self.find_session(key, &[Purpose::Reset]).await?;
        let account = self.components.directory.account(&session.user.user_name);
        let account = account.await.map_err(AuthError::from)?;
        if account.is_some_and(|account| account.judging_authority().is_some()) {
            // The user was given to an authority after the key was sent. No password is set here any longer.
            return Err(AuthError::InvalidToken(RefusalCause::BelongsToAuthority).into());
        }
        let account = user_account(&self.components.peppers.current, session.user.id);
        let claimant = Claimant::Account(*account.as_bytes());
        let permit = self.components.passwords.permit(vec![claimant]);
        let permit = permit.map_err(AuthError::from)?;
        let hash = self.components.passwords.hash(password).await?;
        drop(permit);
        let spent = self.redeem_once(key, Purpose::Reset).await;
        let spent = spent.map_err(AuthError::from)?;
        let user = Arc::clone(&spent.user);
        if let Err(error) = self.components.directory.set_password(user.id, &hash).await {
            // If the password was set and only the response was lost, the key is as invalid as all other tokens.
            self.undo_redemption(spent.digest).await;
            return Err(AuthError::from(error).into());
        }
        // The tokens are already invalid. This frees their space.
        if let Err(error) = self.components.tokens.remove_user(user.id).await {
            warn!(user.id = %user.id, %error, "the ended tokens of a user were not removed");
        }
        Ok(Arc::unwrap_or_clone(user))
    }
}
