//! Searches the body of a call for tokens, without losing any of its bytes.

mod json;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::once;

use self::json::json_texts;
use crate::back_end::RelayedBody;
use crate::body::{BodyError, media_type};
use crate::token_places::TokenPlaces;
use crate::token_texts::TokenTexts;

/// How a body can contain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// URL-encoded parameters, or JSON that is declared as such: see [`may_be_json`].
    Form,
    /// A multipart form.
    Multipart,
    /// A JSON object.
    Json,
}

impl BodyFormat {
    /// Returns the format of a body with these headers, or `None` if it is compressed or of another media type. A body
    /// without a media type, or plain text, may be JSON, as for the dialects' own routes.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let encoding = header(headers, &CONTENT_ENCODING).trim();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return None;
        }
        match media_type(header(headers, &CONTENT_TYPE)).as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "multipart/form-data" => Some(Self::Multipart),
            "" | "text/plain" => Some(Self::Json),
            json if json.ends_with("json") => Some(Self::Json),
            _ => None,
        }
    }
}

/// Returns whether a body that is declared as a form begins like a JSON object. Some clients declare JSON so, such as
/// `curl -d` without a header, and some servers read it as JSON nevertheless.
pub fn may_be_json(form: &[u8]) -> bool {
    let mut start = form;
    while let Some(rest) = start.strip_prefix(b"\xef\xbb\xbf") {
        start = rest;
    }
    start.trim_ascii_start().starts_with(b"{")
}

/// Returns the body, and every text in it that has the place of a token. At most `limit` bytes are searched: in a
/// longer form, the parameters that end before the limit; in longer JSON, nothing. A form that may be JSON is searched
/// as both, because a back end may read it in either way.
///
/// # Errors
/// The body is too slow or unreadable.
pub(crate) async fn search_body(
    places: &TokenPlaces,
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<(RelayedBody, TokenTexts), BodyError> {
    let format = BodyFormat::of(request.headers());
    let is_searched = !places.body.is_empty() && has_body(request.headers());
    let Some(format) = format.filter(|_| is_searched) else {
        let rest = (!matches!(payload, Payload::None)).then_some(payload);
        let start = Bytes::new();
        return Ok((RelayedBody { start, rest }, TokenTexts::default()));
    };
    let body = read_start(payload, limit).await?;
    let is_whole = body.rest.is_none() && body.start.len() <= limit;
    // What is found does not depend on the size of chunks.
    let searched = body.start.slice(..body.start.len().min(limit));
    let texts = match format {
        BodyFormat::Form => {
            let mut texts = form_texts(places, &searched, is_whole);
            if is_whole && may_be_json(&searched) {
                texts.extend(json_texts(places, &searched));
            }
            texts
        }
        BodyFormat::Multipart => {
            let content_type = header(request.headers(), &CONTENT_TYPE);
            multipart_texts(places, content_type, searched).await
        }
        BodyFormat::Json if is_whole => json_texts(places, &searched),
        BodyFormat::Json => TokenTexts::default(),
    };
    Ok((body, texts))
}

/// Returns whether a request has a body. Without a length, the payload is what the client sends after an upgrade.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Reads a body until it has more than `limit` bytes, or to its end. `Err` if it is too slow or unreadable.
async fn read_start(mut payload: Payload, limit: usize) -> Result<RelayedBody, BodyError> {
    let mut start = BytesMut::new();
    while start.len() <= limit {
        let Some(chunk) = payload.next().await else {
            let start = start.freeze();
            return Ok(RelayedBody { start, rest: None });
        };
        start.extend_from_slice(&chunk.map_err(|error| BodyError::from(&error))?);
    }
    let start = start.freeze();
    let rest = Some(payload);
    Ok(RelayedBody { start, rest })
}

fn form_texts(places: &TokenPlaces, form: &[u8], is_whole: bool) -> TokenTexts {
    let last = form.iter().rposition(|byte| *byte == b'&');
    let end = if is_whole {
        form.len()
    } else {
        // The last parameter may be incomplete.
        last.unwrap_or(0)
    };
    let mut texts = TokenTexts::default();
    for (name, value) in form_urlencoded::parse(&form[..end]) {
        if places.is_body_parameter(&name) {
            texts.add_token(value);
        }
    }
    texts
}

async fn multipart_texts(places: &TokenPlaces, content_type: &str, body: Bytes) -> TokenTexts {
    let mut texts = TokenTexts::default();
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        return texts;
    };
    let body = once(ready(Ok::<_, Infallible>(body)));
    let mut parts = multer::Multipart::new(body, boundary);
    // An error is the end of what was read, or of what can be understood.
    while let Ok(Some(part)) = parts.next_field().await {
        let is_token = part
            .name()
            .is_some_and(|name| places.is_body_parameter(name));
        if is_token && let Ok(text) = part.text().await {
            texts.add_token(text);
        }
    }
    texts
}

/// Returns the first value of a header. Empty if it is absent or not visible ASCII.
fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
