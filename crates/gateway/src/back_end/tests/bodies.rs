//! The bodies that a back end receives.

use actix_web::test::TestRequest;

use super::site::{Response, Site};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";
const MULTIPART: &str = "multipart/form-data; boundary=b";

async fn post(site: &Site, media_type: &str, body: &str) -> Response {
    let request = TestRequest::post()
        .uri("/web/api/v3/project/create")
        .insert_header(("Content-Type", media_type))
        .insert_header(("Content-Length", body.len().to_string()))
        .set_payload(body.to_owned());
    site.send(request).await
}

/// Returns bodies with the token, and without it.
fn bodies(token: &str) -> [(&'static str, String, String); 7] {
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let name = part("name", "x");
    [
        (
            FORM,
            format!("name=%2f&token={token}&b"),
            "name=%2f&b".to_owned(),
        ),
        (
            JSON,
            format!("{{\"token\": \"{token}\", \"n\": 1.50}}"),
            "{\"n\": 1.50}".to_owned(),
        ),
        // As the search reads them: JSON that is declared as something else.
        (
            FORM,
            format!("{{\"n\": 1.50, \"token\": \"{token}\"}}"),
            "{\"n\": 1.50}".to_owned(),
        ),
        (
            "text/plain",
            format!("{{\"token\": \"{token}\"}}"),
            "{}".to_owned(),
        ),
        ("", format!("{{\"token\": \"{token}\"}}"), "{}".to_owned()),
        (
            "application/merge-patch+json",
            format!("{{\"token\": \"{token}\"}}"),
            "{}".to_owned(),
        ),
        (
            MULTIPART,
            format!("{name}{}--b--\r\n", part("token", token)),
            format!("{name}--b--\r\n"),
        ),
    ]
}

#[actix_web::test]
async fn a_token_in_a_body_is_found_and_the_body_is_not_changed() {
    let site = Site::start("").await;
    let token = site.login().await;
    for (media_type, body, _) in bodies(&token) {
        assert_eq!(post(&site, media_type, &body).await.status, 200, "{body}");
        let received = site.stub.take_one();
        assert_eq!(received.body, body);
        assert_eq!(received.header("content-type"), Some(media_type));
        let length = body.len().to_string();
        assert_eq!(received.header("content-length"), Some(length.as_str()));
        assert_eq!(received.header("x-isogloss-user-name"), Some("ada"));
    }
}

#[actix_web::test]
async fn a_token_is_removed_from_a_body_and_the_length_is_that_of_the_rest() {
    let site = Site::start("proxy.token = 'remove'").await;
    let token = site.login().await;
    for (media_type, body, rest) in bodies(&token) {
        assert_eq!(post(&site, media_type, &body).await.status, 200, "{body}");
        let received = site.stub.take_one();
        assert_eq!(received.body, rest);
        let length = rest.len().to_string();
        assert_eq!(received.header("content-length"), Some(length.as_str()));
    }
}

#[actix_web::test]
async fn a_body_that_is_longer_than_the_limit_is_relayed_but_not_changed() {
    let filler = "x".repeat(70_000);
    for (setting, status) in [("keep", 200), ("remove", 413), ("jwt", 413)] {
        let site = Site::start(&format!("proxy.token = '{setting}'")).await;
        let token = site.login().await;
        let body = format!("token={token}&a={filler}");
        assert_eq!(post(&site, FORM, &body).await.status, status, "{setting}");
        let received = site.stub.take();
        let bodies: Vec<_> = received.iter().map(|call| &call.body).collect();
        assert_eq!(bodies.contains(&&body), status == 200);
    }
}

#[actix_web::test]
async fn the_body_limit_of_logins_does_not_apply() {
    let site = Site::start("").await;
    let token = site.login().await;
    let body = "x".repeat(200_000);
    let request = TestRequest::post()
        .uri(&format!("/web/api2/v1/files?token={token}"))
        .insert_header(("Content-Type", "application/octet-stream"))
        .set_payload(body.clone());
    assert_eq!(site.send(request).await.status, 200);
    assert_eq!(site.stub.take_one().body, body);
}
