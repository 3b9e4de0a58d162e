//! Headers that every answer has unless its dialect says otherwise.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

/// Nothing that is served here loads, runs or submits anything, the page of Memsource's
/// `authByToken` included, or belongs into a frame.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What protects clients that are browsers. `no-store` stands on whatever is answered: every route
/// gives a token, judges one, or tells what one opened.
pub(crate) fn protective() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add((X_FRAME_OPTIONS, "DENY"))
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((CACHE_CONTROL, "no-store"))
}

/// The same, and for how long browsers are to come by HTTPS only; zero says nothing of it.
pub(crate) fn protective_with_hsts(max_age: Duration) -> DefaultHeaders {
    let headers = protective();
    if max_age.is_zero() {
        return headers;
    }
    let value = format!("max-age={}", max_age.as_secs());
    headers.add((STRICT_TRANSPORT_SECURITY, value))
}
