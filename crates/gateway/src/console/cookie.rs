//! The cookie of a session at the console.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use super::PATH;

/// Names of the cookie with and without TLS. Browsers accept the first one from this host alone, and over TLS only.
const SECURE: &str = "__Host-isogloss-console";
const PLAIN: &str = "isogloss-console";

/// Returns whether the request came over the TLS of this listener.
fn is_secure(request: &HttpRequest) -> bool {
    request.app_config().secure()
}

/// Returns the identifier of the session that the request names; `None` if it names none.
pub(super) fn session_id(request: &HttpRequest) -> Option<String> {
    let name = if is_secure(request) { SECURE } else { PLAIN };
    let cookie = request.cookie(name)?;
    Some(cookie.value().to_owned())
}

/// Returns the cookie with the identifier of a session, until the browser is closed.
pub(super) fn of_session(request: &HttpRequest, id: &str) -> Cookie<'static> {
    let is_secure = is_secure(request);
    // The prefix `__Host-` demands the path `/`.
    let (name, path) = if is_secure {
        (SECURE, "/")
    } else {
        (PLAIN, PATH)
    };
    Cookie::build(name, id.to_owned())
        .path(path)
        .secure(is_secure)
        .http_only(true)
        .same_site(SameSite::Strict)
        .finish()
}

/// Returns the cookie that removes that of the session.
pub(super) fn removal(request: &HttpRequest) -> Cookie<'static> {
    let mut cookie = of_session(request, "");
    cookie.make_removal();
    cookie
}
