//! The unit that a login is for.

use actix_web::test::TestRequest;
use isogloss_crmcom::Settings;
use serde_json::{Value, json};

use crate::fixture::{Fixture, KEY};

/// Returns the three kinds of requests that log ada in, each with its method.
fn ways(unit: &Value) -> [(&'static str, TestRequest); 3] {
    let card = json!({"authentication_code": "open-sesame"});
    let bodies = [
        (
            "token",
            json!({"username": "ada", "password": "ada-pw", "organisation": "Acme", "unit": unit}),
        ),
        (
            "token",
            json!({"organisation": "Acme", "access_token_identifier": card, "unit": unit}),
        ),
        ("web_api_key/token", json!({"unit": unit})),
    ];
    bodies.map(|(method, body)| {
        let request = TestRequest::post().insert_header(KEY).set_json(body);
        (method, request)
    })
}

#[actix_web::test]
async fn the_token_is_for_the_unit_that_was_asked_for_or_the_default_one() {
    let fixture = Fixture::new().await;
    for (unit, expected) in [
        (json!("BRANCH"), "BRANCH"),
        (json!("HEAD"), "HEAD"),
        (json!(null), "HEAD"),
        (json!(""), "HEAD"),
    ] {
        for (method, request) in ways(&unit) {
            let reply = fixture.send(&Settings::default(), method, request).await;
            let found = fixture.use_token(&reply.token()).await;
            assert_eq!(found.as_deref(), Some(expected), "{method} {unit}");
        }
    }
}
