//! The header `Retry-After`.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::RETRY_AFTER;
use isogloss_core::AuthError;

/// Inserts `Retry-After`, in whole seconds, for an error after which a retry may succeed at a known time. Changes
/// nothing for other errors.
pub fn insert_retry_after(response: &mut HttpResponseBuilder, error: &AuthError) {
    match error {
        AuthError::Overloaded { retry_after } | AuthError::Throttled { retry_after, .. } => {
            response.insert_header((RETRY_AFTER, retry_after.as_secs()));
        }
        AuthError::InvalidCredentials(_)
        | AuthError::InvalidToken(_)
        | AuthError::AccountDisabled(_)
        | AuthError::SecondFactorRequired(_)
        | AuthError::Forbidden(_)
        | AuthError::Unavailable(_) => {}
    }
}
