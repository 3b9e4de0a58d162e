//! The cookie of a browser session.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use isogloss_core::IssuedToken;

use crate::Settings;
use crate::wire::format_token;

/// The lifetime of the cookie in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieLifetime {
    /// Until the browser is closed.
    BrowserSession,
    /// As long as the session lives.
    Persistent,
}

/// Returns the cookie that holds the token of a browser session.
pub(crate) fn cookie(
    settings: &Settings,
    session: &IssuedToken,
    lifetime: CookieLifetime,
) -> Cookie<'static> {
    let cookie = Cookie::build(settings.cookie_name.clone(), format_token(session))
        .path("/")
        .http_only(true)
        .secure(settings.cookie_secure)
        .same_site(SameSite::Lax);
    let cookie = match lifetime {
        CookieLifetime::BrowserSession => cookie,
        CookieLifetime::Persistent => cookie.max_age(Duration::seconds(session.expires_in())),
    };
    cookie.finish()
}
