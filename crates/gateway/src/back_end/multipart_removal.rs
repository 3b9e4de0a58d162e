//! Removes parts from a multipart form without changing the others.

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::stream::once;
use isogloss_dialect::BodyError;

/// Returns a form without the parts whose names are tokens, or `None` if there is none. The form may be cut off.
///
/// # Errors
/// The form has such a part, but its parts cannot be separated.
pub(super) async fn without_parts(
    body: &Bytes,
    content_type: &str,
    is_token: impl Fn(&str) -> bool,
) -> Result<Option<Vec<u8>>, BodyError> {
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        return Ok(None);
    };
    let delimiters = delimiters(body, format!("--{boundary}").as_bytes());
    let stream = body.clone();
    let stream = once(async move { Ok::<_, PayloadError>(stream) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut are_tokens = Vec::new();
    // An error is the end of what can be understood.
    while let Ok(Some(part)) = parts.next_field().await {
        are_tokens.push(part.name().is_some_and(&is_token));
    }
    if !are_tokens.contains(&true) {
        return Ok(None);
    }
    // The last delimiter is the end of the form.
    if delimiters.len() != are_tokens.len() + 1 {
        return Err(BodyError::Unreadable);
    }
    let mut rest = Vec::with_capacity(body.len());
    rest.extend_from_slice(&body[..delimiters[0]]);
    for (index, is_token) in are_tokens.into_iter().enumerate() {
        if !is_token {
            rest.extend_from_slice(&body[delimiters[index]..delimiters[index + 1]]);
        }
    }
    rest.extend_from_slice(&body[delimiters[delimiters.len() - 1]..]);
    Ok(Some(rest))
}

/// Returns where the delimiters of a form begin: each is at the start of a line.
fn delimiters(body: &[u8], delimiter: &[u8]) -> Vec<usize> {
    let starts_line = |at: usize| at == 0 || body[..at].ends_with(b"\r\n");
    let lines = body.windows(delimiter.len()).enumerate();
    lines
        .filter(|(at, window)| *window == delimiter && starts_line(*at))
        .map(|(at, _)| at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx--b\n--b\r\n\
        --b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n1\r\n\
        --b\r\nContent-Disposition: form-data; name=name\r\n\r\ntoken\r\n\
        --b--\r\n";

    async fn without_tokens(form: &str) -> Result<Option<String>, BodyError> {
        let body = Bytes::copy_from_slice(form.as_bytes());
        let rest = without_parts(&body, "multipart/form-data; boundary=b", |name| {
            name == "token"
        });
        Ok(rest.await?.map(|rest| String::from_utf8(rest).unwrap()))
    }

    #[actix_web::test]
    async fn parts_are_removed_and_the_others_stay_as_they_were() {
        let token = "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n1\r\n";
        let expected = FORM.replace(token, "");
        assert_eq!(without_tokens(FORM).await, Ok(Some(expected.clone())));
        assert_eq!(without_tokens(&expected).await, Ok(None));
        assert_eq!(without_tokens("no form").await, Ok(None));
    }

    #[actix_web::test]
    async fn a_form_that_is_cut_off_is_not_changed() {
        let cut = &FORM[..FORM.len() - 8];
        assert_eq!(without_tokens(cut).await, Err(BodyError::Unreadable));
    }
}
