//! The envelope of every answer, and how a token is spelt, as the vendor writes them.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use isogloss_core::Token;
use serde::Serialize;

use crate::REALM;

/// What `message` and `description` are in the samples of the methods that came with R10,
/// whatever the release.
pub(crate) const EMPTY: Option<&str> = Some("");

/// The envelope of every answer.
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
    /// A success that gives a token. `text` is what `message` and `description` are.
    pub(crate) fn token(token: &Token, text: Option<&'a str>) -> Self {
        Self::new("OK", text, Some(spelt(token)))
    }

    /// A success that gives nothing.
    pub(crate) fn done() -> Self {
        Self::new("OK", EMPTY, None)
    }

    /// A refusal.
    pub(crate) fn refusal(code: &'a str, text: &'a str) -> Self {
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

/// 32 upper-case hexadecimal digits.
pub(crate) fn spelt(token: &Token) -> String {
    token.hex().to_ascii_uppercase()
}

/// Reads a token that is spelt exactly so.
pub(crate) fn token(text: &str) -> Option<Token> {
    Token::from_hex(REALM, text).filter(|token| spelt(token) == text)
}

/// An envelope as an answer.
pub(crate) fn json(response: &mut HttpResponseBuilder, envelope: &Envelope<'_>) -> HttpResponse {
    response
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(serde_json::to_vec(envelope).unwrap_or_default())
}
