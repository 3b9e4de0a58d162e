//! The token in what a service has received, in whichever form it passes that on.

use std::cell::LazyCell;

use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use isogloss_core::{Auth, AuthError, Presented, Session};

use super::original_request::uri;
use crate::dialects::Mount;

/// The session of the first live token that `text` can be read as, and its dialect: a token by
/// itself, the value of `Authorization` or `Cookie`, a query, a form, or an address with a query.
pub(super) async fn session_of<'m>(
    auth: &Auth,
    mounts: impl Iterator<Item = &'m Mount> + Clone,
    text: &str,
) -> Result<Option<(Session, &'m Mount)>, AuthError> {
    let text = text.trim();
    // Most come by themselves and are kept near, though several dialects spell tokens alike.
    for mount in mounts.clone() {
        let Some(by_itself) = mount.parse_token(text) else {
            continue;
        };
        match auth.open_kept(&by_itself).await {
            Ok(Some(session)) => return Ok(Some((session, mount))),
            Ok(None) | Err(AuthError::InvalidToken) => {}
            Err(error) => return Err(error),
        }
    }
    for (presented, mount) in readings(mounts, text) {
        match auth.open(&presented).await {
            Ok(session) => return Ok(Some((session, mount))),
            Err(AuthError::InvalidToken) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn readings<'m>(
    mounts: impl Iterator<Item = &'m Mount>,
    text: &str,
) -> Vec<(Presented, &'m Mount)> {
    let heads = LazyCell::new(|| heads(text));
    let mut readings = Vec::new();
    for mount in mounts {
        if let Some(by_itself) = mount.parse_token(text) {
            readings.push((by_itself, mount));
        } else {
            let presented = heads.iter().filter_map(|head| mount.find_token(head));
            readings.extend(presented.map(|presented| (presented, mount)));
        }
    }
    readings
}

/// Calls that may have carried it.
fn heads(text: &str) -> Vec<RequestHead> {
    let heads = [
        with_header(AUTHORIZATION, text),
        with_header(COOKIE, text),
        with_query(text),
    ];
    heads.into_iter().flatten().collect()
}

fn with_header(name: HeaderName, text: &str) -> Option<RequestHead> {
    let mut head = RequestHead::default();
    head.headers.insert(name, HeaderValue::from_str(text).ok()?);
    Some(head)
}

fn with_query(text: &str) -> Option<RequestHead> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let mut head = RequestHead::default();
    head.uri = uri(format!("/?{query}").as_bytes())?;
    Some(head)
}
