//! Configuration of the extractors of queries, bodies and paths, and their errors.

use std::io::ErrorKind;
use std::num::NonZeroU32;

use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::web::{JsonConfig, PathConfig, QueryConfig, ServiceConfig};

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use super::api_error::ApiError;

/// The largest body, in bytes.
const LARGEST: usize = 64 * 1024;

/// Error message for an invalid limit.
const LIMIT: &str = "limit is not a number from 1 to 4294967295";

/// Deserializes the maximum number of entries of a page; the result is never `None`, which stands for a query without
/// the parameter. Fails if the value is not a number from 1 to 4294967295, or does not fit in `T`.
pub(crate) fn limit<'de, D: Deserializer<'de>, T: TryFrom<u32>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let limit: NonZeroU32 = text.parse().map_err(|_| D::Error::custom(LIMIT))?;
    let limit = T::try_from(limit.get()).map_err(|_| D::Error::custom(LIMIT))?;
    Ok(Some(limit))
}

/// Makes the extractors of bodies, queries and paths fail with [`ApiError`].
pub(super) fn configure(cfg: &mut ServiceConfig) {
    let json = JsonConfig::default()
        .limit(LARGEST)
        .content_type_required(true);
    cfg.app_data(json.error_handler(|error, _| json_error(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| query_error(&error).into()))
        .app_data(PathConfig::default().error_handler(|error, _| path_error(&error).into()));
}

/// Returns the error of the API for a JSON body that could not be read: too large, of another type, too slow, or
/// malformed. The message does not have the values that the parser may quote.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum may grow"
)]
fn json_error(error: &JsonPayloadError) -> ApiError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. }
        | JsonPayloadError::Overflow { .. }
        | JsonPayloadError::Payload(PayloadError::Overflow) => ApiError::TooLarge,
        JsonPayloadError::ContentType => ApiError::MediaType,
        JsonPayloadError::Payload(PayloadError::Io(error))
            if error.kind() == ErrorKind::TimedOut =>
        {
            ApiError::TimedOut
        }
        JsonPayloadError::Deserialize(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            ApiError::Malformed(format!("{place}: {}", without_values(&error.to_string())))
        }
        _ => ApiError::Malformed("the body is invalid".to_owned()),
    }
}

/// Returns `Malformed` for an invalid query, without the values that the parser's message may quote.
fn query_error(error: &QueryPayloadError) -> ApiError {
    match error {
        QueryPayloadError::Deserialize(error) => {
            let text = error.to_string();
            ApiError::Malformed(format!("the query: {}", without_values(&text)))
        }
        _ => ApiError::Malformed("the query is invalid".to_owned()),
    }
}

/// Returns `NotFound` for a path that cannot be parsed: no object has that name.
fn path_error(_: &PathError) -> ApiError {
    ApiError::NotFound("no object has this name or identifier".to_owned())
}

/// Returns a parser's message without the values that it may quote, such as a password.
fn without_values(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text);
    let about_names = ["unknown field", "missing field", "duplicate field", LIMIT];
    if about_names.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    match message.rsplit_once("expected ") {
        // The library names a type of this program and counts its fields.
        Some((_, expected)) if expected.starts_with("struct ") => "expected an object".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None => "it is invalid".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_told_and_no_value() {
        for (message, told) in [
            (
                "unknown field `x`, expected `name` at line 1 column 5",
                "unknown field `x`, expected `name`",
            ),
            (
                "invalid type: string \"hush\", expected a boolean at line 1 column 9",
                "expected a boolean",
            ),
            (
                "invalid length 0, expected struct UserRequest with 11 elements at line 1 column 2",
                "expected an object",
            ),
            (
                "EOF while parsing a value at line 1 column 0",
                "it is invalid",
            ),
        ] {
            assert_eq!(without_values(message), told);
        }
    }
}
