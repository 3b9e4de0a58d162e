//! What clients get of a back end's response.

use super::site::Site;

const RESPONSE: &str = "HTTP/1.1 302 Found\r\n\
    Location: http://ADDRESS/web/a?b\r\n\
    Content-Location: http://ADDRESS/web/c\r\n\
    Set-Cookie: a=b; Domain=app.internal; Secure\r\n\
    Set-Cookie: c=d\r\n\
    Connection: x-secret, keep-alive\r\n\
    X-Secret: 1\r\n\
    Keep-Alive: timeout=5\r\n\
    X-Request-Id: theirs\r\n\
    Cache-Control: max-age=60\r\n\
    Content-Length: 5\r\n\r\nmoved";

#[actix_web::test]
async fn a_response_gets_no_headers_of_the_gateway_but_its_request_id_and_hsts() {
    let site = Site::start_with(RESPONSE, "").await;
    let response = site.get("/web/projects").await;
    assert_eq!((response.status, response.body.as_str()), (302, "moved"));
    for (name, values) in [
        ("cache-control", &["max-age=60"][..]),
        ("set-cookie", &["a=b; Secure", "c=d"]),
        ("strict-transport-security", &["max-age=60"]),
        ("content-security-policy", &[]),
        ("x-frame-options", &[]),
        ("x-content-type-options", &[]),
        ("x-secret", &[]),
        ("keep-alive", &[]),
    ] {
        assert_eq!(response.all(name), values, "{name}");
    }
    let ids = response.all("x-request-id");
    assert!(ids.len() == 1 && ids != ["theirs"], "{ids:?}");
}

#[actix_web::test]
async fn addresses_of_the_back_end_become_paths() {
    // The address of the back end is known only after its start, so it is the configured host here.
    let response = RESPONSE.replace("ADDRESS", "app.internal");
    let site = Site::start_with(&response, "proxy.host = 'app.internal'").await;
    let response = site.get("/web/projects").await;
    assert_eq!(response.all("location"), ["/web/a?b"]);
    assert_eq!(response.all("content-location"), ["/web/c"]);
}

#[actix_web::test]
async fn an_unreachable_back_end_is_an_error_of_the_dialect() {
    let site = Site::without_back_end("backend = 'http://127.0.0.1:1'").await;
    let response = site.get("/web/projects").await;
    assert_eq!(response.status, 502, "{response:?}");
    assert!(
        response.body.contains("ServiceUnavailable"),
        "{}",
        response.body
    );
    assert_eq!(response.all("content-security-policy").len(), 1);
}
