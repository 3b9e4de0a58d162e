//! The HTTP statuses of refusals: 200, or what they amount to.

use actix_web::test::TestRequest;
use isogloss_crmcom::Settings;
use serde_json::json;

use crate::fixture::{BODY_LIMIT, Fixture, KEY, Reply};

fn settings(strict_status: bool) -> Settings {
    Settings {
        strict_status,
        ..Settings::default()
    }
}

/// Requests that are refused, with the status that each amounts to.
fn refused() -> Vec<(&'static str, TestRequest, u16, &'static str)> {
    let post = |body| TestRequest::post().set_json(body);
    let login = |password: &str, unit: &str| {
        let organisation = "Acme";
        post(
            json!({"username": "ada", "password": password, "organisation": organisation, "unit": unit}),
        )
    };
    let card =
        |identifier| post(json!({"organisation": "Acme", "access_token_identifier": identifier}));
    let form = || {
        let form = [("token", "x")];
        TestRequest::post().set_form(form)
    };
    let key = "web_api_key/token";
    let release = "token/release";
    vec![
        (
            "token",
            login("wrong", ""),
            401,
            "SECURITY.INVALIDUSERCREDENTIALSEXCEPTION",
        ),
        (
            "token",
            card(json!({"authentication_code": "x"})),
            401,
            "SECURITY.INVALIDACCESSTOKENEXCEPTION",
        ),
        (
            "token",
            card(json!({})),
            400,
            "WEBAPI.SEMIOPTIONALPARAMETERSEXCEPTION",
        ),
        (
            "token",
            card(json!("x")),
            400,
            "WEBAPI.INVALIDPARAMETEREXCEPTION",
        ),
        (
            "token",
            login("ada-pw", "NONE"),
            403,
            "SECURITY.INVALIDUNITEXCEPTION",
        ),
        (
            "token",
            post(json!({})),
            400,
            "WEBAPI.MANDATORYPARAMETEREXCEPTION",
        ),
        (
            "token",
            post(json!([])),
            400,
            "WEBAPI.INVALIDPARAMETEREXCEPTION",
        ),
        ("token", form(), 400, "WEBAPI.INVALIDPARAMETEREXCEPTION"),
        (
            "token",
            post(json!("x".repeat(BODY_LIMIT))),
            413,
            "WEBAPI.INVALIDPARAMETEREXCEPTION",
        ),
        (
            release,
            post(json!({"token": "x"})),
            401,
            "SECURITY.INVALIDTOKENEXCEPTION",
        ),
        (
            release,
            post(json!({})),
            400,
            "WEBAPI.MANDATORYPARAMETEREXCEPTION",
        ),
        (release, form(), 400, "WEBAPI.INVALIDPARAMETEREXCEPTION"),
        (
            key,
            TestRequest::post(),
            401,
            "SECURITY.INVALIDWEBAPIKEYEXCEPTION",
        ),
        (
            key,
            post(json!({"unit": "NONE"})).insert_header(KEY),
            403,
            "SECURITY.INVALIDUNITEXCEPTION",
        ),
        (
            key,
            post(json!({"unit": 5})).insert_header(KEY),
            400,
            "WEBAPI.INVALIDPARAMETEREXCEPTION",
        ),
    ]
}

fn assert_refusal(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.code()),
        (status, code),
        "{}",
        reply.body
    );
    let text = reply.body["status"]["message"].as_str().unwrap();
    assert!(!text.is_empty());
    let code = format!("COM.CRM.EXCEPTION.{code}");
    let status = json!({"code": code, "message": text, "description": text});
    assert_eq!(reply.body, json!({"status": status, "data": {}}));
    assert_eq!(
        reply.header("content-type"),
        Some("application/json; charset=utf-8")
    );
}

#[actix_web::test]
async fn a_refusal_is_200_unless_statuses_are_strict() {
    let fixture = Fixture::new().await;
    for (method, request, _, code) in refused() {
        let reply = fixture.send(&settings(false), method, request).await;
        assert_refusal(&reply, 200, code);
        assert_eq!(reply.header("www-authenticate"), None);
    }
    for (method, request, status, code) in refused() {
        let reply = fixture.send(&settings(true), method, request).await;
        assert_refusal(&reply, status, code);
        let challenge = match (status, method) {
            (401, "web_api_key/token") => Some(r#"Basic realm="CRM.COM", charset="UTF-8""#),
            (401, _) => Some("CRM.COM"),
            _ => None,
        };
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
}

#[actix_web::test]
async fn a_success_is_200_either_way() {
    let fixture = Fixture::new().await;
    for strict in [false, true] {
        let settings = settings(strict);
        let token = fixture.log_in(&settings).await;
        let reply = fixture
            .post(&settings, "token/release", json!({"token": token}))
            .await;
        assert_eq!((reply.status, reply.code()), (200, "OK"));
    }
}

#[actix_web::test]
async fn unknown_paths_and_methods_keep_their_status() {
    let fixture = Fixture::new().await;
    for strict in [false, true] {
        let settings = settings(strict);
        for method in ["token", "token/release", "web_api_key/token"] {
            let reply = fixture.send(&settings, method, TestRequest::get()).await;
            assert_refusal(&reply, 405, "WEBAPI.HTTPMETHODNOTALLOWEDEXCEPTION");
            assert_eq!(reply.header("allow"), Some("POST"));
        }
        let reply = fixture
            .send(&settings, "nothing", TestRequest::post())
            .await;
        assert_refusal(&reply, 404, "WEBAPI.UNKNOWNMETHODEXCEPTION");
    }
}

#[actix_web::test]
async fn a_store_that_is_away_is_unavailable_and_never_an_invalid_token() {
    let fixture = Fixture::with_its_store_away().await;
    for (strict, status) in [(false, 200), (true, 503)] {
        let settings = settings(strict);
        let login = json!({"username": "ada", "password": "ada-pw", "organisation": "Acme"});
        let card = json!({"organisation": "Acme", "access_token_identifier": {"authentication_code": "open-sesame"}});
        let token = json!({"token": "4AD9C84FA60F9FE407140E20F707726A"});
        for (method, body) in [
            ("token", login),
            ("token", card),
            ("token/release", token),
            ("web_api_key/token", json!({})),
        ] {
            let request = TestRequest::post().insert_header(KEY).set_json(body);
            let reply = fixture.send(&settings, method, request).await;
            assert_refusal(&reply, status, "WEBAPI.SERVICEUNAVAILABLEEXCEPTION");
        }
    }
}
