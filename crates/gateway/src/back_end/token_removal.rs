//! Removes tokens from the head of a call: the headers `Authorization` and `Cookie`, and the query.

use std::borrow::Cow;

use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use isogloss_dialect::TokenPlaces;

/// Removes the credentials and the cookies that are tokens of the dialect. Everything else stays as it was sent.
pub(super) fn remove_tokens(places: &TokenPlaces, headers: &mut HeaderMap) {
    let credentials: Vec<_> = headers.remove(AUTHORIZATION).collect();
    for value in credentials {
        let is_token = value
            .to_str()
            .is_ok_and(|value| places.credentials(value).is_some());
        if !is_token {
            headers.append(AUTHORIZATION, value);
        }
    }
    if places.cookies.is_empty() {
        return;
    }
    let lines: Vec<_> = headers.remove(COOKIE).collect();
    for line in lines {
        if let Some(line) = without_cookies(places, &line) {
            headers.append(COOKIE, line);
        }
    }
}

/// Returns a target without the parameters that are tokens. Everything else stays as it was sent.
pub(super) fn without_query_tokens<'t>(places: &TokenPlaces, target: &'t str) -> Cow<'t, str> {
    let Some((path, query)) = target.split_once('?') else {
        return target.into();
    };
    let is_token = |name: &str| places.is_query_parameter(name);
    let rest = without_parameters(query.as_bytes(), is_token);
    match rest.and_then(|rest| String::from_utf8(rest).ok()) {
        None => target.into(),
        Some(rest) if rest.is_empty() => path.into(),
        Some(rest) => format!("{path}?{rest}").into(),
    }
}

/// Returns a form or a query without the parameters whose names are tokens, or `None` if there is none.
pub(super) fn without_parameters(form: &[u8], is_token: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let parameters: Vec<_> = form.split(|byte| *byte == b'&').collect();
    let stays = |parameter: &&&[u8]| {
        let mut decoded = form_urlencoded::parse(parameter);
        decoded.next().is_none_or(|(name, _)| !is_token(&name))
    };
    let staying: Vec<&[u8]> = parameters.iter().filter(stays).copied().collect();
    (staying.len() < parameters.len()).then(|| staying.join(&b'&'))
}

/// Returns a line of cookies without those that are tokens, or `None` if none is left.
fn without_cookies(places: &TokenPlaces, line: &HeaderValue) -> Option<HeaderValue> {
    let is_token = |cookie: &[u8]| {
        let name = cookie.split(|byte| *byte == b'=').next();
        let name = name.unwrap_or_default().trim_ascii();
        str::from_utf8(name).is_ok_and(|name| places.is_cookie(name))
    };
    let cookies: Vec<_> = line.as_bytes().split(|byte| *byte == b';').collect();
    let staying: Vec<&[u8]> = cookies
        .iter()
        .filter(|cookie| !is_token(cookie))
        .copied()
        .collect();
    if staying.len() == cookies.len() {
        return Some(line.clone());
    }
    let line = staying.join(&b';');
    let line = line.trim_ascii();
    let value = HeaderValue::from_bytes(line).ok()?;
    (!line.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> TokenPlaces {
        TokenPlaces {
            schemes: &["ApiToken", "Bearer"],
            query: &["token"],
            cookies: vec!["session".to_owned()],
            body: &["token"],
            ignore_case: false,
        }
    }

    #[test]
    fn tokens_are_removed_from_headers_and_nothing_else_is() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (AUTHORIZATION, "apitoken 1"),
            (AUTHORIZATION, "Basic YTpi"),
            (COOKIE, "a=b; session=1; c=d"),
            (COOKIE, "session=2"),
            (COOKIE, "sessions=3"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_tokens(&places(), &mut headers);
        let values = |name| -> Vec<_> { headers.get_all(name).cloned().collect() };
        assert_eq!(values(AUTHORIZATION), ["Basic YTpi"]);
        assert_eq!(values(COOKIE), ["a=b; c=d", "sessions=3"]);
    }

    #[test]
    fn tokens_are_removed_from_the_query_and_nothing_else_is() {
        for (target, expected) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?x=%2F&y", "/a?x=%2F&y"),
            ("/a?token=1", "/a"),
            ("/a?x=%2f&token=1&&y=+", "/a?x=%2f&&y=+"),
            ("/a?t%6Fken=1&token=2&x", "/a?x"),
            ("/a?Token=1?token=2", "/a?Token=1?token=2"),
        ] {
            assert_eq!(without_query_tokens(&places(), target), expected);
        }
    }
}
