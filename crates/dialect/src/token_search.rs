//! Searches the body of a call for tokens, without losing any of its bytes.

use std::fmt;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::once;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::back_end::RelayedBody;
use crate::body::{BodyError, media_type, utf8_text};
use crate::token_places::TokenPlaces;

/// How a body can contain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyFormat {
    Form,
    Multipart,
    Json,
}

impl BodyFormat {
    /// Returns the format of a body with these headers, or `None` if it is compressed or of another media type.
    fn of(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        match media_type(content_type(headers)).as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "multipart/form-data" => Some(Self::Multipart),
            "application/json" | "text/json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Returns the body, and every text in it that has the place of a token. At most `limit` bytes are searched: in a longer
/// form, the parameters that end before the limit; in longer JSON, nothing.
///
/// # Errors
/// The body is too slow or unreadable.
pub(crate) async fn search_body(
    places: &TokenPlaces,
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<(RelayedBody, Vec<String>), BodyError> {
    let format = BodyFormat::of(request.headers());
    let Some(format) = format.filter(|_| !places.body.is_empty()) else {
        let rest = (!matches!(payload, Payload::None)).then_some(payload);
        let start = Bytes::new();
        return Ok((RelayedBody { start, rest }, Vec::new()));
    };
    let body = read_start(payload, limit).await?;
    let mut texts = match format {
        BodyFormat::Form => form_texts(places, &body),
        BodyFormat::Json if body.rest.is_some() => Vec::new(),
        BodyFormat::Json => json_texts(places, &body.start),
        BodyFormat::Multipart => {
            multipart_texts(places, content_type(request.headers()), body.start.clone()).await
        }
    };
    texts.retain(|text| !text.trim().is_empty());
    Ok((body, texts))
}

/// Reads a body until it has more than `limit` bytes.
async fn read_start(mut payload: Payload, limit: usize) -> Result<RelayedBody, BodyError> {
    let mut start = BytesMut::new();
    while start.len() <= limit {
        let Some(chunk) = payload.next().await else {
            let start = start.freeze();
            return Ok(RelayedBody { start, rest: None });
        };
        let chunk = chunk.map_err(|error: PayloadError| BodyError::from(&error.into()))?;
        start.extend_from_slice(&chunk);
    }
    let start = start.freeze();
    Ok(RelayedBody {
        start,
        rest: Some(payload),
    })
}

fn form_texts(places: &TokenPlaces, body: &RelayedBody) -> Vec<String> {
    let mut form = &body.start[..];
    if body.rest.is_some() {
        // The last parameter may be incomplete.
        let end = form.iter().rposition(|byte| *byte == b'&');
        form = &form[..end.unwrap_or(0)];
    }
    form_urlencoded::parse(form)
        .filter(|(name, _)| places.is_body_parameter(name))
        .map(|(_, value)| value.into_owned())
        .collect()
}

async fn multipart_texts(places: &TokenPlaces, content_type: &str, start: Bytes) -> Vec<String> {
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        return Vec::new();
    };
    let stream = once(async move { Ok::<_, PayloadError>(start) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut texts = Vec::new();
    // An error is the end of what was read, or of what can be understood.
    while let Ok(Some(part)) = parts.next_field().await {
        let is_token = part
            .name()
            .is_some_and(|name| places.is_body_parameter(name));
        if is_token && let Ok(text) = part.text().await {
            texts.push(text);
        }
    }
    texts
}

/// Returns the values of all top-level members with the name of a token. A name that is there twice has two values.
fn json_texts(places: &TokenPlaces, body: &[u8]) -> Vec<String> {
    let Some(text) = utf8_text(body) else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(text);
    let visitor = TokenMembers {
        places,
        texts: &mut texts,
    };
    // A body that is no JSON object has no members; the back end refuses it, or knows better.
    match parser.deserialize_map(visitor) {
        Ok(()) => texts,
        Err(_) => Vec::new(),
    }
}

/// Collects the members of a JSON object that are tokens.
struct TokenMembers<'a> {
    places: &'a TokenPlaces,
    texts: &'a mut Vec<String>,
}

impl<'de> Visitor<'de> for TokenMembers<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if self.places.is_body_parameter(&name) {
                let value: serde_json::Value = members.next_value()?;
                match value {
                    serde_json::Value::String(text) => self.texts.push(text),
                    serde_json::Value::Null => {}
                    // No token has this format.
                    other => self.texts.push(other.to_string()),
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
