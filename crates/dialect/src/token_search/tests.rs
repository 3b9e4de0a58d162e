//! Texts that are found in bodies.

use actix_web::test::TestRequest;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

fn places() -> TokenPlaces {
    TokenPlaces {
        body: &["token"],
        ..TokenPlaces::default()
    }
}

/// Returns the texts of a body, first those in places of their own, and what was read of the body.
async fn search(media: &str, body: &str, limit: usize) -> (Vec<String>, Vec<String>, String) {
    let (request, payload) = TestRequest::post()
        .insert_header((CONTENT_TYPE, media))
        .set_payload(body.to_owned())
        .to_http_parts();
    let (body, texts) = search_body(&places(), &request, payload, limit)
        .await
        .unwrap();
    let read = String::from_utf8(body.start.into()).unwrap();
    (texts.tokens, texts.ambiguous, read)
}

#[actix_web::test]
async fn forms_are_decoded() {
    for (body, expected) in [
        ("token=1", &["1"][..]),
        ("a=b&%74oken=%31+2&token=3", &["1 2", "3"]),
        ("token=&token=+&token", &[]),
        ("Token=1&token[]=2&a=token=3", &[]),
    ] {
        let (tokens, ambiguous, read) = search(FORM, body, 100).await;
        assert_eq!((read.as_str(), ambiguous.len()), (body, 0));
        assert_eq!(tokens, expected, "{body}");
    }
}

#[actix_web::test]
async fn a_form_that_may_be_json_is_searched_as_both() {
    for (body, in_form, in_json) in [
        (r#"{"token": "1"}"#, &[][..], &["1"][..]),
        ("\u{feff}\n {\"token\": \"1\"}", &[], &["1"]),
        (r#"{"token": "1", "a": "&token=2&b"}"#, &["2"], &["1"]),
        (r#"{"token": "1"} {}"#, &[], &[]),
        (r#"{"a": "&token=2"#, &["2"], &[]),
        (r#"token=1&{"token": "2"}"#, &["1"], &[]),
        (r#"["token", "1"]"#, &[], &[]),
    ] {
        let (tokens, ambiguous, read) = search(FORM, body, 100).await;
        assert_eq!(read, body);
        assert_eq!(
            (&*tokens, &*ambiguous),
            (&owned(in_form)[..], &owned(in_json)[..]),
            "{body}"
        );
    }
    // JSON that is longer than what is searched has no text, in whatever way it is declared.
    let long = format!("{{\"token\": \"1\", \"a\": \"{}\"}}", "x".repeat(100));
    for media in [FORM, "application/json"] {
        let (tokens, ambiguous, _) = search(media, &long, 100).await;
        assert_eq!((tokens.len(), ambiguous.len()), (0, 0), "{media}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[actix_web::test]
async fn members_of_json_objects_are_ambiguous() {
    for (body, expected) in [
        (r#"{"token": "1"}"#, &["1"][..]),
        (r#"{"token": "1", "token": 2}"#, &["1", "2"]),
        (r#"{"\u0074oken": "\u0031", "a": {"token": "3"}}"#, &["1"]),
        ("\u{feff}{\"token\": {\"a\": 1}}", &[r#"{"a":1}"#]),
        (r#"{"token": null, "a": "token"}"#, &[]),
        (r#"{"token": "1"} {}"#, &[]),
        (r#"["token", "1"]"#, &[]),
        ("", &[]),
    ] {
        for media in ["application/json; charset=utf-8", "text/plain", "a/b+JSON"] {
            let (tokens, ambiguous, read) = search(media, body, 100).await;
            assert_eq!((read.as_str(), tokens.len()), (body, 0));
            assert_eq!(ambiguous, expected, "{body}");
        }
    }
}

#[actix_web::test]
async fn nothing_of_another_media_type_is_read() {
    for media in [
        "application/octet-stream",
        "image/png",
        "text/html",
        "multipart/mixed",
    ] {
        let (tokens, ambiguous, read) = search(media, "token=1", 100).await;
        assert_eq!((tokens.len(), ambiguous.len(), read.as_str()), (0, 0, ""));
    }
}

#[actix_web::test]
async fn deep_json_is_no_json() {
    let deep = "[".repeat(100_000);
    let (tokens, ambiguous, _) =
        search("text/json", &format!("{{\"token\": {deep}"), 200_000).await;
    assert_eq!((tokens.len(), ambiguous.len()), (0, 0));
}

#[test]
fn texts_are_not_shown() {
    let mut texts = TokenTexts::default();
    texts.add_token("secret");
    assert_eq!(format!("{texts:?}"), "TokenTexts(1 and 0, …)");
}
