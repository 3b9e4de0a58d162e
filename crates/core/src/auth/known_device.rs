//! Proof that the client of a login is known: a live token in its request.

use std::sync::Arc;

use super::Auth;
use crate::error::AuthError;
use crate::names::login_form;
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::throttle::{KnownDevice, LoginOrigin};
use crate::token::Token;
use crate::token_digest::TokenDigest;
use crate::user::User;

/// The purposes of tokens that prove that a client is known. One-time tokens do not: they are sent in e-mails
/// and URLs.
const PURPOSES: &[Purpose] = &[Purpose::Access, Purpose::Remember];

/// The maximum number of tokens of a request that are looked up. No dialect has more places for them.
const AT_MOST: usize = 3;

impl Auth {
    /// Returns the proof that a login carries a live token of the user whose name is tried. `None` if it carries
    /// no such token, or if login attempts are not limited. `name` itself is not looked up: before an attempt is
    /// taken, nothing may depend on whether there is such a user. Fails with [`AuthError::Unavailable`] if a
    /// store is unavailable: then the login is not tried at all.
    pub(super) async fn known_device(
        &self,
        origin: &LoginOrigin,
        name: &str,
    ) -> Result<Option<KnownDevice>, AuthError> {
        if self.components.throttle.is_none() {
            return Ok(None);
        }
        let name = login_form(name);
        for token in origin.device_tokens.iter().take(AT_MOST) {
            match self.bearer(token).await {
                Ok((user, root)) if is_called(&user, &name) => {
                    let user = user.id;
                    return Ok(Some(KnownDevice { user, root }));
                }
                Ok(_) | Err(AuthError::InvalidToken(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Returns the user of a live token, and the token of the login from which it is derived. The use of the
    /// token is not recorded: guesses keep no session alive. Fails with [`AuthError::InvalidToken`] if the token
    /// is not live, has a purpose that proves nothing, or was issued to an administrator who acts for the user,
    /// and with [`AuthError::Unavailable`] if a store is unavailable.
    async fn bearer(&self, token: &Token) -> Result<(Arc<User>, TokenDigest), AuthError> {
        let found = self.find_unspent(token, PURPOSES).await;
        let (digest, record) = found.map_err(AuthError::from)?;
        if record.actor.is_some() {
            return Err(AuthError::InvalidToken(RefusalCause::ActorChanged));
        }
        let user = self.owner(&record, PURPOSES).await?;
        Ok((user, record.root(digest)))
    }
}

/// Returns whether `name`, in the form of [`login_form`], is the user name or the e-mail address of the user.
fn is_called(user: &User, name: &str) -> bool {
    let email = user.email.as_deref().map(login_form);
    login_form(&user.user_name) == name || email.is_some_and(|email| email == name)
}
