//! Bodies with media types that a route does not read, and invalid media types.

use crate::hostile::bodies::assert_all_refused;
use crate::hostile::routes::{Body, ROUTES};
use crate::hostile::{assert_unharmed, gateway};

#[test]
fn other_media_types_are_refused() {
    // A login that is valid except for its media type.
    let body = r#"{"user_id": "admin", "username": "admin", "organisation": "CRMDEMO", "userName": "admin", "password": "admin-demo"}"#;
    for media in [
        "text/html",
        "application/xml",
        "application/octet-stream",
        "image/png",
        "application/jsonx",
    ] {
        let head = format!("Content-Type: {media}\r\n");
        assert_all_refused(&[(media, body.into())], &head, 415);
    }
}

/// Memsource reads multipart forms on the routes of its old API.
#[test]
fn multipart_without_a_part_is_refused() {
    let mut gateway = gateway();
    let server = gateway.public();
    for route in ROUTES.iter() {
        let head = "Content-Type: multipart/form-data; boundary=x\r\n";
        let old_memsource = route.path.starts_with("/web/api/");
        let status = if old_memsource { 400 } else { 415 };
        let response = route.send(server, head, "no part");
        route.assert_refused("a broken multipart form", status, &response);
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn content_types_that_are_none_are_refused() {
    let mut gateway = gateway();
    let body = r#"{"a": 1}"#;
    for head in [
        b"Content-Type: \xff\xfe\r\n".as_slice(),
        b"Content-Type: application/json\xff\r\n",
        b"Content-Type: /\r\n",
        b"Content-Type: ;;;=\r\n",
        b"Content-Type: \r\n",
        b"Content-Type: application/json, text/html\r\n",
        b"Content-Type: text/html\r\nContent-Type: application/json\r\n",
        b"Content-Type: application/json; charset=klingon\r\n",
        b"Content-Encoding: gzip\r\nContent-Type: application/json\r\n",
        b"Content-Encoding: \xff\r\nContent-Type: application/json\r\n",
    ] {
        for route in ROUTES.iter() {
            let response = route.send(gateway.public(), head, body);
            let statuses = match (route.dialect, route.body) {
                ("crmcom", _) => &[200][..],
                (_, Body::Read | Body::JsonOnly) => &[400, 401, 415],
                (_, Body::Ignored) => &[route.bare],
            };
            route.assert_refused_with(&String::from_utf8_lossy(head), statuses, &response);
        }
    }
    assert_unharmed(&mut gateway);
}
