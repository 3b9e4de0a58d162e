//! Signs in with a key of the realm `admin`, and out again.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::KeyDigest;
use isogloss_core::{Auth, StoreError};
use maud::html;
use secrecy::ExposeSecret as _;

use super::act::{Act, SentForm};
use super::error::ConsoleError;
use super::navigation::ConsolePage;
use super::visitor::{ConsoleRealm, Visitor, source};
use super::{Console, PATH, cookie, layout};
use crate::http::api_key::{ApiKey, KeyError};

/// The path of the page.
pub(super) const SIGN_IN: &str = "/console/sign-in";

/// Leads to the first page that the key may see.
///
/// # Errors
/// The visitor is not signed in, the key has no scope for a page, or the directory is unreachable.
pub(super) async fn enter(visitor: Visitor) -> Result<HttpResponse, ConsoleError> {
    let first = ConsolePage::of_key(visitor.key()).next();
    let first = first.ok_or(ConsoleError::NothingAllowed)?;
    Ok(to(first.path()))
}

/// Shows the form.
pub(super) async fn show() -> HttpResponse {
    form(StatusCode::OK, None)
}

/// Checks the key, counts a wrong one against its source, begins a session and leads to its first page.
///
/// # Errors
/// A foreign page sent the form, or a store is unreachable.
pub(super) async fn submit(
    request: HttpRequest,
    auth: Data<Auth>,
    console: Data<Console>,
    form: SentForm,
) -> Result<HttpResponse, ConsoleError> {
    let SentForm(fields) = form;
    let text = fields.secret("key");
    let presented = text.clone().into();
    let checked = ApiKey::<ConsoleRealm>::check(auth.clone(), &presented, source(&request)).await;
    let key = match checked {
        Ok(key) => key,
        Err(KeyError::Throttled(retry_after)) => return Ok(throttled(retry_after)),
        Err(KeyError::Unavailable(error)) => return Err(error.into()),
        Err(KeyError::NoValidKey | KeyError::NoScope(_)) => {
            return Ok(self::form(StatusCode::FORBIDDEN, Some(WRONG)));
        }
    };
    let now = auth.now();
    if let Some(former) = cookie::session_id(&request) {
        console.sessions.end(&former);
    }
    let begun = console
        .sessions
        .begin(KeyDigest::of(text.expose_secret()), now);
    let id = begun.map_err(|error| StoreError::new("random numbers", error))?;
    let event = key.run(async { Event::new(EventKind::ConsoleSignIn, now) });
    auth.audit().record(event.await);
    let mut response = to(PATH);
    add_cookie(&mut response, &cookie::of_session(&request, &id));
    Ok(response)
}

/// Ends the session.
///
/// # Errors
/// The visitor is not signed in, the form is not one of the session, or the directory is unreachable.
pub(super) async fn sign_out(
    request: HttpRequest,
    console: Data<Console>,
    act: Act,
) -> Result<HttpResponse, ConsoleError> {
    let visitor = act.visitor;
    if let Some(id) = cookie::session_id(&request) {
        console.sessions.end(&id);
    }
    let now = visitor.auth.now();
    let event = visitor.run(async { Event::new(EventKind::ConsoleSignOut, now) });
    visitor.auth.audit().record(event.await);
    let mut response = to(SIGN_IN);
    add_cookie(&mut response, &cookie::removal(&request));
    Ok(response)
}

/// The answer to a wrong key, the same for an unknown, an expired and a revoked one.
const WRONG: &str = "The key is not valid.";

fn throttled(retry_after: Duration) -> HttpResponse {
    let error = "Too many wrong keys came from this address. Try again later.";
    let mut response = form(StatusCode::TOO_MANY_REQUESTS, Some(error));
    let seconds = HeaderValue::from(retry_after.as_secs());
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

fn form(status: StatusCode, error: Option<&str>) -> HttpResponse {
    let content = html! {
        form.form method="post" action=(SIGN_IN) {
            label {
                span { "Key of the realm admin" }
                input #key name="key" type="password" autocomplete="current-password" maxlength="200" required
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "key-error")];
            }
            @if let Some(error) = error { p #key-error role="alert" { (error) } }
            button type="submit" { "Sign in" }
        }
    };
    layout::bare(status, "Sign in", &content)
}

fn to(path: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}

fn add_cookie(response: &mut HttpResponse, cookie: &actix_web::cookie::Cookie<'_>) {
    // A cookie of our own letters and digits can be a header.
    let _ = response.add_cookie(cookie);
}
