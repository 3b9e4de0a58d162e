//! Damaged request bodies: the response is always an error in the dialect's format, or a login.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use isogloss_memsource::Settings;
use serde_json::Value;
use time::macros::datetime;

use crate::fixture::Host;

const MULTIPART: &str = "multipart/form-data; boundary=x-y";
const MULTIPART_BODY: &str = "--x-y\r\nContent-Disposition: form-data; name=\"userName\"\r\n\r\nada\r\n\
    --x-y\r\nContent-Disposition: form-data; name=\"password\"; filename=\"p.txt\"\r\n\
    Content-Type: text/plain\r\n\r\npw\r\n--x-y--\r\n";
const JSON_BODY: &str = r#"{"userName": "ada", "password": "pw", "code": null, "columns": []}"#;

/// Returns the body itself, and then each variant with the end cut off, with a byte removed, or with a byte
/// replaced.
fn damaged(body: &str) -> Vec<Vec<u8>> {
    let body = body.as_bytes();
    let mut all = vec![body.to_vec()];
    for at in 0..body.len() {
        all.push(body[..at].to_vec());
        all.push([&body[..at], &body[at + 1..]].concat());
        for byte in [0, b'"', b'-', b'\r', b'\n', b'{', 0xff] {
            all.push([&body[..at], &[byte], &body[at + 1..]].concat());
        }
    }
    all
}

async fn assert_answered(path: &str, media_type: &str, body: &str) {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let app = init_service(host.app()).await;
    for (index, body) in damaged(body).into_iter().enumerate() {
        let request = TestRequest::post()
            .uri(path)
            .insert_header((CONTENT_TYPE, media_type))
            .set_payload(body.clone());
        let response = call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_slice(&read_body(response).await).expect("JSON");
        let shown = String::from_utf8_lossy(&body);
        match status {
            200 => assert!(answer["token"].is_string(), "{shown}"),
            400 | 401 => {
                assert!(answer["errorCode"].is_string(), "{shown}");
                assert!(answer.get("errorDescription").is_some(), "{shown}");
            }
            _ => panic!("{status} for {shown}"),
        }
        assert!(index > 0 || status == 200, "the whole body logs in");
    }
}

#[actix_web::test]
async fn damaged_multipart_is_answered() {
    assert_answered("/web/api/v3/auth/login", MULTIPART, MULTIPART_BODY).await;
}

#[actix_web::test]
async fn damaged_json_is_answered() {
    assert_answered("/web/api2/v3/auth/login", "application/json", JSON_BODY).await;
}
