//! The tokens of this dialect, and the terms on which each is issued.

use std::time::Duration;

use isogloss_core::{Auth, AuthError, Concurrency, IssuedToken, Purpose, Session, Terms, User};
use isogloss_dialect::Dialect as _;

use crate::settings::{Login, Settings};
use crate::{Memsource, REALM};

/// A token with less remaining life is not returned again. The vendor's server issued a new one 59 min 42 s
/// before the old one's end, and not yet 72 min before it.
const MIN_REUSE_LIFETIME: Duration = Duration::from_hours(1);

/// Issues the token of a login with a password, or returns the existing one if the operator has set that. `Err` if
/// the client is blocked, if the user no longer exists, or if a store is unreachable.
pub(crate) async fn access(
    auth: &Auth,
    settings: &Settings,
    user: &User,
) -> Result<IssuedToken, AuthError> {
    let concurrency = match settings.login {
        Login::Fresh => Concurrency::Many,
        Login::Reuse => Concurrency::Reuse {
            at_least: MIN_REUSE_LIFETIME,
        },
    };
    let terms = Terms {
        concurrency,
        ..Terms::new(Purpose::Access, settings.token_lifetime)
    };
    auth.issue(REALM, user, terms).await
}

/// Issues the token of an administrator who logs in as another user. The token is always a new one, because it can
/// be redeemed once. `Err` if the administrator's login was too long ago, if the client is blocked, if the user no
/// longer exists, or if a store is unreachable.
pub(crate) async fn impersonation(
    auth: &Auth,
    settings: &Settings,
    caller: &Session,
    user: &User,
) -> Result<IssuedToken, AuthError> {
    let actor = caller.acting();
    let terms = Terms {
        actor: Some(actor),
        max_authentication_age: Some(max_impersonation(settings)),
        ..Terms::new(Purpose::Impersonation, settings.impersonation_lifetime()).derived_from(caller)
    };
    let issued = auth.issue(REALM, user, terms).await?;
    tracing::info!(
        dialect = Memsource::NAME,
        actor.id = %actor.id,
        user.id = %user.id,
        "an administrator logged in as another user"
    );
    Ok(issued)
}

/// Issues the token of a browser session that begins with a password. The token is always a new one, so that a
/// logout in the browser does not end the token of a program. `Err` if the client is blocked, if the user no
/// longer exists, or if a store is unreachable.
pub(crate) async fn session(
    auth: &Auth,
    settings: &Settings,
    user: &User,
) -> Result<IssuedToken, AuthError> {
    let terms = Terms::new(Purpose::Access, settings.token_lifetime);
    auth.issue(REALM, user, terms).await
}

/// Issues the token of the browser session for which an impersonation token was redeemed. `Err` if the
/// administrator's login was too long ago, if the client is blocked, if the user no longer exists, or if a store
/// is unreachable.
pub(crate) async fn browser_session(
    auth: &Auth,
    settings: &Settings,
    spent: &Session,
) -> Result<IssuedToken, AuthError> {
    let terms = Terms {
        actor: spent.actor(),
        max_authentication_age: Some(max_impersonation(settings)),
        ..Terms::new(Purpose::Access, settings.impersonation_lifetime()).redeemed_from(spent)
    };
    auth.issue(REALM, &spent.user, terms).await
}

/// Returns how long after the administrator's login all impersonation tokens end. Without this limit, an administrator
/// who impersonates another administrator could extend a login without end.
fn max_impersonation(settings: &Settings) -> Duration {
    let own = settings.token_lifetime;
    own.saturating_add(settings.impersonation_lifetime())
}
