//! Removes tokens from the body of a call.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use isogloss_dialect::back_end::RelayedBody;
use isogloss_dialect::{BodyError, BodyFormat, TokenPlaces, may_be_json};

use super::json_members::without_members;
use super::multipart_removal::without_parts;
use super::token_removal::without_parameters;

/// Returns the body without the tokens in it. Everything else stays as it was sent.
///
/// # Errors
/// The body has a token and is longer than the part that is searched, or its parts cannot be separated.
pub(super) async fn without_body_tokens(
    places: &TokenPlaces,
    headers: &HeaderMap,
    body: RelayedBody,
) -> Result<RelayedBody, BodyError> {
    // As in the search: what was found must be removed.
    let format = BodyFormat::of(headers).filter(|_| !places.body.is_empty());
    let Some(format) = format else {
        return Ok(body);
    };
    let is_token = |name: &str| places.is_body_parameter(name);
    let start = &body.start;
    let changed = match format {
        BodyFormat::Form => without_form_tokens(start, is_token),
        BodyFormat::Multipart => {
            let content_type = headers.get(CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            match without_parts(start, content_type.unwrap_or_default(), is_token).await {
                Err(_) if body.rest.is_some() => return Err(BodyError::TooLarge),
                changed => changed?,
            }
        }
        BodyFormat::Json => without_members(start, is_token),
    };
    match changed {
        None => Ok(body),
        Some(_) if body.rest.is_some() => Err(BodyError::TooLarge),
        Some(changed) => Ok(RelayedBody {
            start: Bytes::from(changed),
            rest: None,
        }),
    }
}

/// Returns a form without the tokens in it, or `None` if there is none. A form that may be JSON loses them as parameters
/// and as members: a server may read it in either way. A removal may leave text that begins like JSON, so this goes on
/// until nothing is left to remove.
fn without_form_tokens(form: &[u8], is_token: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let mut removed: Option<Vec<u8>> = None;
    loop {
        let text = removed.as_deref().unwrap_or(form);
        let changed = if may_be_json(text) {
            without_members(text, &is_token)
        } else {
            None
        };
        let Some(changed) = changed.or_else(|| without_parameters(text, &is_token)) else {
            return removed;
        };
        removed = Some(changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_removed_from_a_form_in_either_reading() {
        for (form, expected) in [
            ("a=b&token=1", Some("a=b")),
            (r#"{"token":"1","a":"b"}"#, Some(r#"{"a":"b"}"#)),
            (
                "\u{feff}\n{\"a\":1, \"token\":\"1\"}",
                Some("\u{feff}\n{\"a\":1}"),
            ),
            (r#"{"token":"1","a":"&token=2&b"}"#, Some(r#"{"a":"&b"}"#)),
            (r#"token=1&{"token":"2"}"#, Some("{}")),
            (r#"{"a":{"token":"1"}}"#, None),
            ("a=b", None),
            ("", None),
        ] {
            let removed = without_form_tokens(form.as_bytes(), |name| name == "token");
            let removed = removed.map(|removed| String::from_utf8(removed).unwrap());
            assert_eq!(removed.as_deref(), expected, "{form}");
        }
    }
}
