//! The search for tokens in bodies, for the fuzz targets in `tests/fuzz`.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::test::TestRequest;
use futures_util::FutureExt as _;

use crate::token_places::TokenPlaces;
use crate::token_search::search_body;

/// Returns what was read of a body, and the texts that are found under the name `token` in its first `limit` bytes.
/// `None` if the body is refused.
pub fn body_tokens(
    content_type: HeaderValue,
    body: Vec<u8>,
    limit: usize,
) -> Option<(Vec<u8>, Vec<String>)> {
    let (request, payload) = TestRequest::post()
        .insert_header((CONTENT_TYPE, content_type))
        .set_payload(body)
        .to_http_parts();
    let places = TokenPlaces {
        body: &["token"],
        ..TokenPlaces::default()
    };
    let found = search_body(&places, &request, payload, limit);
    let (body, texts) = found.now_or_never()?.ok()?;
    let texts = [texts.tokens, texts.ambiguous].concat();
    Some((body.start.into(), texts))
}
