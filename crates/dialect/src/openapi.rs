//! Error responses for OpenAPI documents, from the errors themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::ResponseError;
use actix_web::http::header::CONTENT_TYPE;
use isogloss_core::throttle::BucketKind;
use isogloss_core::{AuthError, StoreError};
use utoipa::PartialSchema as _;
use utoipa::openapi::{Content, Ref, Response, ResponseBuilder, Responses};

use crate::body::media_type;

/// Returns a response for each status of `errors`, described by the `Display` texts of all errors with that status.
///
/// A JSON response has the named schema; a response of another media type is text.
pub fn responses_by_status<E: ResponseError>(
    errors: impl IntoIterator<Item = E>,
    schema: &str,
) -> Responses {
    responses_by_status_with(errors, |response, media| {
        let content = if media == "application/json" {
            Content::new(Some(Ref::from_schema_name(schema)))
        } else {
            Content::new(Some(String::schema()))
        };
        response.content(media, content)
    })
}

/// Returns a response for each status of `errors`, as [`responses_by_status`] does, with the bodies that `add_content`
/// adds. `add_content` receives the media type of the first error with that status.
pub fn responses_by_status_with<E: ResponseError>(
    errors: impl IntoIterator<Item = E>,
    add_content: impl Fn(ResponseBuilder, &str) -> ResponseBuilder,
) -> Responses {
    let mut by_status: BTreeMap<u16, (String, Vec<String>)> = BTreeMap::new();
    for error in errors {
        let response = error.error_response();
        let media = response.headers().get(CONTENT_TYPE);
        let media = media.and_then(|media| media.to_str().ok());
        let (_, meanings) = by_status
            .entry(response.status().as_u16())
            .or_insert_with(|| (media_type(media.unwrap_or_default()), Vec::new()));
        meanings.push(error.to_string());
    }
    let mut responses = Responses::new();
    for (status, (media, meanings)) in by_status {
        let response = Response::builder().description(meanings.join("; "));
        let response = add_content(response, &media).build();
        responses
            .responses
            .insert(status.to_string(), response.into());
    }
    responses
}

/// Returns an example of the error while a store is unreachable.
pub fn unavailable() -> AuthError {
    AuthError::Unavailable(StoreError::new("a store", "cannot be asked"))
}

/// Returns an example of the error for a login after too many wrong ones.
pub fn throttled() -> AuthError {
    AuthError::Throttled {
        retry_after: Duration::ZERO,
        by: BucketKind::Account,
    }
}

/// Returns an example of the error for a login while the password hashing queue is full.
pub fn overloaded() -> AuthError {
    AuthError::Overloaded {
        retry_after: Duration::ZERO,
    }
}
