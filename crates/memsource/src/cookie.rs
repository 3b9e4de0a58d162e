//! The cookie of a browser session.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use isogloss_core::IssuedToken;

use crate::Settings;
use crate::wire::spell_token;

/// The lifetime of the cookie in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieLifetime {
    /// Until the browser is closed.
    UntilClosed,
    /// As long as the session lives.
    WithSession,
}

/// Returns the cookie with the token of that session.
pub(crate) fn cookie(
    settings: &Settings,
    session: &IssuedToken,
    kept: CookieLifetime,
) -> Cookie<'static> {
    let cookie = Cookie::build(settings.cookie_name.clone(), spell_token(session))
        .path("/")
        .http_only(true)
        .secure(settings.cookie_secure)
        .same_site(SameSite::Lax);
    let cookie = match kept {
        CookieLifetime::UntilClosed => cookie,
        CookieLifetime::WithSession => cookie.max_age(Duration::seconds(session.expires_in())),
    };
    cookie.finish()
}
