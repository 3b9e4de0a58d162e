//! RFC 6749, the OAuth 2.0 framework: the authentication of clients and the error responses.

use data_encoding::BASE64;
use isogloss_testkit::{Gateway, Request, Response};
use serde_json::json;

use crate::introspection::{EXCHANGE, KEY, exchange, form, gateway, introspect, key, post, token};

const BASIC: &str = "Basic realm=\"isogloss\"";

fn basic(password: &str) -> String {
    let encoded = BASE64.encode(format!("a-service:{password}").as_bytes());
    format!("Basic {encoded}")
}

/// Posts a form without a key, with these headers `Authorization`.
fn send(gateway: &Gateway, path: &str, parameters: &str, headers: &[&str]) -> Response {
    let request = Request::post(path).form(parameters);
    let with_header = |request: Request, value: &&str| request.header("Authorization", *value);
    let request = headers.iter().fold(request, with_header);
    request.send(gateway.management()).unwrap()
}

#[test]
fn rfc_6749_2_3_1_a_client_sends_its_password_in_basic_or_in_the_form() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let in_form = [("client_id", "a-service"), ("client_secret", KEY)];
    let introspected = |parameters: &[(&str, &str)], headers: &[&str]| {
        let parameters = [&[("token", &*token)][..], parameters].concat();
        let answer = send(&gateway, "/introspect", &form(&parameters), headers);
        (answer.status, answer.json().unwrap()["active"].clone())
    };
    let live = (200, json!(true));
    assert_eq!(introspected(&[], &[&basic(KEY)]), live);
    assert_eq!(introspected(&in_form, &[]), live);
    // The name of the client is not part of the key.
    assert_eq!(introspected(&[("client_secret", KEY)], &[]), live);
    assert_eq!(introspected(&in_form[..1], &[&basic(KEY)]), live);

    let exchanged = [
        ("grant_type", EXCHANGE),
        ("subject_token_type", crate::introspection::ACCESS_TOKEN),
        ("subject_token", &token),
    ];
    let in_form = form(&[&exchanged[..], &in_form].concat());
    assert_eq!(send(&gateway, "/token", &in_form, &[]).status, 200);
    let with_basic = send(&gateway, "/token", &form(&exchanged), &[&basic(KEY)]);
    assert_eq!(with_basic.status, 200);
}

#[test]
fn rfc_6749_2_3_1_a_password_in_the_address_is_none() {
    let gateway = gateway();
    let path = format!("/introspect?client_id=a-service&client_secret={KEY}");
    let answer = send(&gateway, &path, "token=x", &[]);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json().unwrap()["error"], "invalid_client");
}

#[test]
fn rfc_6749_2_3_a_client_that_authenticates_twice_is_refused() {
    let gateway = gateway();
    let (basic, bearer) = (basic(KEY), format!("Bearer {KEY}"));
    for path in ["/introspect", "/token"] {
        for (parameters, headers) in [
            (vec![("client_secret", KEY)], vec![&*basic]),
            (vec![("client_secret", KEY)], vec![&*bearer]),
            (
                vec![("client_secret", KEY), ("client_assertion", "x")],
                vec![],
            ),
            (vec![("client_assertion", "x")], vec![&*basic]),
            (vec![], vec![&*basic, &*bearer]),
        ] {
            let parameters = form(&[&[("token", "x")][..], &parameters].concat());
            let answer = send(&gateway, path, &parameters, &headers);
            assert_eq!(answer.status, 400, "{parameters} {headers:?}");
            assert_eq!(answer.json().unwrap()["error"], "invalid_request");
        }
    }
}

#[test]
fn rfc_6749_3_2_a_parameter_without_a_value_is_absent_and_a_repeated_one_is_invalid() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let without_value = [("token", &*token), ("dialect", ""), ("client_secret", "")];
    let answer = post(&gateway, "/introspect", &without_value);
    assert_eq!(answer.json().unwrap()["active"], true);
    for repeated in ["token", "dialect", "client_secret"] {
        let parameters = form(&[("token", &token), (repeated, "x"), (repeated, "y")]);
        let headers = match repeated {
            "client_secret" => vec![],
            _ => vec![basic(KEY)],
        };
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let answer = send(&gateway, "/introspect", &parameters, &headers);
        assert_eq!(answer.status, 400, "{repeated}");
        assert_eq!(answer.json().unwrap()["error"], "invalid_request");
    }
}

#[test]
fn rfc_6749_5_1_no_response_with_a_token_is_cached() {
    let gateway = gateway();
    let answer = exchange(&gateway, &token(&gateway, "crmcom"), &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Pragma"), Some("no-cache"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

#[test]
fn rfc_6749_5_2_a_refusal_has_an_error_and_the_challenge_of_the_scheme() {
    let gateway = gateway();
    let in_form = format!("client_secret=wrong&grant_type={EXCHANGE}");
    for (headers, parameters, challenge) in [
        (vec![], "token=x", BASIC),
        (vec![], &*in_form, BASIC),
        (vec![basic("wrong")], "token=x", BASIC),
        (vec!["Basic !".to_owned()], "token=x", BASIC),
        (
            vec!["Bearer wrong".to_owned()],
            "token=x",
            "Bearer realm=\"isogloss\", error=\"invalid_token\"",
        ),
    ] {
        for path in ["/introspect", "/token"] {
            let headers: Vec<_> = headers.iter().map(String::as_str).collect();
            let answer = send(&gateway, path, parameters, &headers);
            assert_eq!(answer.status, 401, "{headers:?}");
            assert_eq!(answer.header("WWW-Authenticate"), Some(challenge));
            assert_eq!(answer.header("Content-Type"), Some("application/json"));
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            assert_eq!(answer.json().unwrap()["error"], "invalid_client");
        }
    }
    // A body that is not a form has no password, and is not read further.
    let not_a_form = Request::post("/introspect").json(&json!({"client_secret": KEY}));
    let answer = not_a_form.send(gateway.management()).unwrap();
    assert_eq!(answer.status, 401);
}

#[test]
fn rfc_6749_5_2_each_error_has_its_name_and_a_description_in_ascii() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    for (more, error) in [
        (vec![("grant_type", "")], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("subject_token", "")], "invalid_request"),
        (vec![("scope", "read moon")], "invalid_scope"),
        (vec![("scope", " ")], "invalid_scope"),
    ] {
        let answer = exchange(&gateway, &token, &more);
        assert_eq!(answer.status, 400, "{more:?}");
        assert!(answer.header("WWW-Authenticate").is_none());
        let body = answer.json().unwrap();
        assert_eq!(body["error"], error, "{more:?}");
        let description = body["error_description"].as_str().unwrap();
        let allowed = |c: char| (c == ' ' || c.is_ascii_graphic()) && !matches!(c, '"' | '\\');
        assert!(description.chars().all(allowed), "{description}");
    }
}

#[test]
fn rfc_6749_5_2_a_client_may_lack_a_right() {
    let gateway = gateway();
    let key = key(&gateway, &json!({"scopes": ["tokens:introspect"]}));
    let answer = send(&gateway, "/token", "grant_type=x", &[&basic(&key)]);
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("WWW-Authenticate"), Some(BASIC));
    let body = answer.json().unwrap();
    assert_eq!(body["error"], "insufficient_scope");
    assert_eq!(
        body["error_description"],
        "the key lacks the scope tokens:exchange"
    );
    assert_eq!(introspect(&gateway, "x"), json!({"active": false}));
}
