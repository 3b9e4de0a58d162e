//! Reading a request body: its bytes, its media type, and JSON as lenient servers read it.

use std::io::ErrorKind;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest as _, HttpRequest, web::Bytes};
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The largest number of opening brackets in a body that [`parse_lenient`] parses. It bounds the depth of
/// nesting, for which the JSON5 parser has no limit of its own.
const MAX_BRACKETS: usize = 64;

/// Why the bytes of a body could not be read. Each dialect has its own response to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The body is larger than `server.body_limit`.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive within the gateway's time-out.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The connection broke, or the framing or the compression of the body is invalid.
    #[error("the body cannot be read")]
    Unreadable,
}

impl From<&PayloadError> for BodyError {
    fn from(error: &PayloadError) -> Self {
        if matches!(error, PayloadError::Overflow) {
            Self::TooLarge
        } else if matches!(error, PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut) {
            Self::TimedOut
        } else {
            Self::Unreadable
        }
    }
}

impl From<&actix_web::Error> for BodyError {
    fn from(error: &actix_web::Error) -> Self {
        let error = error.as_error::<PayloadError>();
        error.map_or(Self::Unreadable, Self::from)
    }
}

/// Reads the whole body of a request, within the size limit and the time-out of the gateway.
///
/// The future borrows neither argument, so an extractor can box it.
///
/// # Errors
/// The body is too large, too slow or unreadable.
pub fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, BodyError>> + use<> {
    let body = Bytes::from_request(request, payload);
    async move { body.await.map_err(|error| BodyError::from(&error)) }
}

/// Returns the media type of a `Content-Type` without its parameters, in lower case.
pub fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Returns a body as text, without byte order marks at its start. `None` if it is not UTF-8.
pub fn utf8_text(body: &[u8]) -> Option<&str> {
    let text = str::from_utf8(body).ok()?;
    Some(text.trim_start_matches('\u{feff}'))
}

/// Parses JSON, or JSON5 if it is not JSON: with comments, trailing commas and names without quotes, as
/// Newtonsoft's parser accepts it. `None` if it is neither, or has more than 64 opening brackets.
pub fn parse_lenient<T: DeserializeOwned>(text: &str) -> Option<T> {
    let is_bracket = |byte: &u8| matches!(byte, b'{' | b'[');
    if text.bytes().filter(is_bracket).count() > MAX_BRACKETS {
        return None;
    }
    serde_json::from_str(text)
        .ok()
        .or_else(|| json5::from_str(text).ok())
}

#[cfg(test)]
mod tests {
    use std::io;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn errors_of_a_payload_are_told_apart() {
        let timed_out = io::Error::from(ErrorKind::TimedOut);
        let reset = io::Error::from(ErrorKind::ConnectionReset);
        for (error, expected) in [
            (PayloadError::Overflow, BodyError::TooLarge),
            (PayloadError::Io(timed_out), BodyError::TimedOut),
            (PayloadError::Io(reset), BodyError::Unreadable),
            (PayloadError::EncodingCorrupted, BodyError::Unreadable),
        ] {
            assert_eq!(BodyError::from(&actix_web::Error::from(error)), expected);
        }
    }

    #[test]
    fn media_type_has_no_parameters_and_no_upper_case() {
        for (content_type, expected) in [
            ("", ""),
            ("application/json", "application/json"),
            (" Text/JSON ; charset=UTF-8", "text/json"),
            (";", ""),
        ] {
            assert_eq!(media_type(content_type), expected);
        }
    }

    #[test]
    fn text_has_no_byte_order_mark() {
        assert_eq!(utf8_text(b"\xEF\xBB\xBF{}"), Some("{}"));
        assert_eq!(utf8_text(b"{}"), Some("{}"));
        assert_eq!(utf8_text(b"\xFF"), None);
    }

    #[test]
    fn json5_is_parsed_within_the_bracket_limit() {
        for text in ["{\"a\": 1}", "{a: 1,}", "{/* one */ 'a': 1}"] {
            assert_eq!(
                parse_lenient::<Value>(text),
                Some(json!({"a": 1})),
                "{text}"
            );
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_lenient::<Value>(&nested(MAX_BRACKETS)).is_some());
        assert_eq!(parse_lenient::<Value>(&nested(MAX_BRACKETS + 1)), None);
        assert_eq!(parse_lenient::<Value>("{"), None);
    }
}
