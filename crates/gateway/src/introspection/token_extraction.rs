//! Finds the token in the text that a service received, such as a header or a query.

use std::cell::LazyCell;

use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use isogloss_core::{Auth, AuthError, BearerToken, Session};

use super::original_request::parse_uri;
use crate::dialects::Mount;

/// Returns the session of the first valid token that `text` can be parsed as, and its dialect, or `None` if
/// there is no valid token. `text` may be a token alone, the value of `Authorization` or `Cookie`, a query, a
/// form, or a URL with a query. Fails if a store is unreachable.
pub(super) async fn find_session<'m>(
    auth: &Auth,
    mounts: impl Iterator<Item = &'m Mount> + Clone,
    text: &str,
) -> Result<Option<(Session, &'m Mount)>, AuthError> {
    let text = text.trim();
    // Fast path: most tokens come alone and are in the near cache. Several dialects spell tokens alike, so the
    // cache is looked up for all of them before a store is queried.
    for mount in mounts.clone() {
        let Some(token) = mount.parse_token(text) else {
            continue;
        };
        match auth.validate_bearer_cached(&token).await {
            Ok(Some(session)) => return Ok(Some((session, mount))),
            Ok(None) | Err(AuthError::InvalidToken(_)) => {}
            Err(error) => return Err(error),
        }
    }
    for (presented, mount) in candidates(mounts, text) {
        match auth.validate_bearer(&presented).await {
            Ok(session) => return Ok(Some((session, mount))),
            Err(AuthError::InvalidToken(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Returns every token that the text can be parsed as, with its dialect.
fn candidates<'m>(
    mounts: impl Iterator<Item = &'m Mount>,
    text: &str,
) -> Vec<(BearerToken, &'m Mount)> {
    let heads = LazyCell::new(|| heads(text));
    let mut candidates = Vec::new();
    for mount in mounts {
        if let Some(token) = mount.parse_token(text) {
            candidates.push((token, mount));
        } else {
            let presented = heads.iter().filter_map(|head| mount.find_token(head));
            candidates.extend(presented.map(|presented| (presented, mount)));
        }
    }
    candidates
}

/// Returns request heads that may have carried the text.
fn heads(text: &str) -> Vec<RequestHead> {
    let heads = [
        with_header(AUTHORIZATION, text),
        with_header(COOKIE, text),
        with_query(text),
    ];
    heads.into_iter().flatten().collect()
}

/// Returns a request head with `text` in a header, or `None` if a header cannot have that value.
fn with_header(name: HeaderName, text: &str) -> Option<RequestHead> {
    let mut head = RequestHead::default();
    head.headers.insert(name, HeaderValue::from_str(text).ok()?);
    Some(head)
}

/// Returns a request head with the query in `text`, or `None` if that is no query.
fn with_query(text: &str) -> Option<RequestHead> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let mut head = RequestHead::default();
    head.uri = parse_uri(format!("/?{query}").as_bytes())?;
    Some(head)
}
