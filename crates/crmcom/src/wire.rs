//! The envelope of every response, and the spelling of tokens, in the vendor's format.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use isogloss_core::Token;
use serde::Serialize;

use crate::REALM;

/// The value of `message` and `description` in the samples of the methods that came with R10, in every
/// release.
pub(crate) const EMPTY_TEXT: Option<&str> = Some("");

/// The envelope of every response.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Envelope<'a> {
    status: Status<'a>,
    data: Data,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Status<'a> {
    code: &'a str,
    message: Option<&'a str>,
    description: Option<&'a str>,
}

/// The token, or nothing.
#[derive(Serialize, utoipa::ToSchema)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

impl<'a> Envelope<'a> {
    /// Returns the envelope of a success with a token. `text` is the value of `message` and `description`.
    pub(crate) fn token(token: &Token, text: Option<&'a str>) -> Self {
        Self::new("OK", text, Some(format_token(token)))
    }

    /// Returns the envelope of a success without data.
    pub(crate) fn success() -> Self {
        Self::new("OK", EMPTY_TEXT, None)
    }

    /// Returns the envelope of an error.
    pub(crate) fn error(code: &'a str, text: &'a str) -> Self {
        Self::new(code, Some(text), None)
    }

    fn new(code: &'a str, text: Option<&'a str>, token: Option<String>) -> Self {
        Self {
            status: Status {
                code,
                message: text,
                description: text,
            },
            data: Data { token },
        }
    }
}

/// Returns the token as 32 upper-case hexadecimal digits.
pub(crate) fn format_token(token: &Token) -> String {
    token.hex().to_ascii_uppercase()
}

/// Parses a token. `None` if it is not spelled exactly as [`format_token`] spells it.
pub(crate) fn parse_token(text: &str) -> Option<Token> {
    Token::from_hex(REALM, text).filter(|token| format_token(token) == text)
}

/// Returns a JSON response with an envelope, which browsers and proxies must not cache.
pub(crate) fn json(response: &mut HttpResponseBuilder, envelope: &Envelope<'_>) -> HttpResponse {
    response
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(serde_json::to_vec(envelope).unwrap_or_default())
}
