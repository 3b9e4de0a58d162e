//! Removes tokens from the body of a call.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use isogloss_dialect::back_end::RelayedBody;
use isogloss_dialect::{BodyError, TokenPlaces, media_type};

use super::json_members::without_members;
use super::multipart_removal::without_parts;
use super::token_removal::without_parameters;

/// Returns the body without the tokens in it. Everything else stays as it was sent.
///
/// # Errors
/// The body has a token and is longer than the part that is searched, or its parts cannot be separated.
pub(super) async fn without_body_tokens(
    places: &TokenPlaces,
    headers: &HeaderMap,
    body: RelayedBody,
) -> Result<RelayedBody, BodyError> {
    if places.body.is_empty() || headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    let content_type = headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let is_token = |name: &str| places.is_body_parameter(name);
    let start = &body.start;
    let changed = match media_type(content_type).as_str() {
        "application/x-www-form-urlencoded" => without_parameters(start, is_token),
        "multipart/form-data" => match without_parts(start, content_type, is_token).await {
            Err(_) if body.rest.is_some() => return Err(BodyError::TooLarge),
            changed => changed?,
        },
        "application/json" | "text/json" => without_members(start, is_token),
        _ => None,
    };
    match changed {
        None => Ok(body),
        Some(_) if body.rest.is_some() => Err(BodyError::TooLarge),
        Some(changed) => Ok(RelayedBody {
            start: Bytes::from(changed),
            rest: None,
        }),
    }
}
