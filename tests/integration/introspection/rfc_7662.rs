//! RFC 7662, token introspection.

use isogloss_testkit::Request;
use serde_json::{Value, json};

use crate::introspection::{
    bimplus_token, builder, exchange, gateway, introspect, jwt, key, log_out, part, post, token,
};

const DEAD: &str = r#"{"active":false}"#;

/// Returns the seconds from the issue of the token to the end that the gateway names.
fn life(claims: &Value) -> i64 {
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

#[test]
fn rfc_7662_2_1_the_token_is_a_parameter_of_a_post_request() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let answer = post(&gateway, "/introspect", &[]);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json().unwrap()["error"], "invalid_request");
    let get = Request::get(format!("/introspect?token={token}"))
        .header("Authorization", "Bearer demo-introspection-key");
    assert_eq!(get.send(gateway.management()).unwrap().status, 405);
}

#[test]
fn rfc_7662_2_1_a_hint_is_only_a_hint() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    for hint in ["access_token", "refresh_token", "moon"] {
        for token in [&token, &of_jwt] {
            let parameters = [("token", &**token), ("token_type_hint", hint)];
            let answer = post(&gateway, "/introspect", &parameters);
            assert_eq!(answer.json().unwrap()["active"], true, "{hint}");
        }
    }
}

#[test]
fn rfc_7662_2_2_the_members_of_an_active_token_have_their_types() {
    let gateway = gateway();
    for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
        let token = token(&gateway, dialect);
        let answer = post(&gateway, "/introspect", &[("token", &token)]);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        let body = answer.json().unwrap();
        assert_eq!(body["active"], true, "{dialect}");
        for text in ["scope", "client_id", "username", "token_type", "sub", "jti"] {
            assert!(body[text].is_string(), "{dialect} {text}");
        }
        for number in ["exp", "iat"] {
            assert!(body[number].is_i64(), "{dialect} {number}");
        }
    }
}

#[test]
fn rfc_7662_2_2_of_an_inactive_token_nothing_else_is_said() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    let (head, signature) = of_jwt.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{other}{}", &signature[1..]);
    log_out(&gateway, &token);
    for dead in [
        &*token,
        &of_jwt,
        &forged,
        "35eb2b5e94b54d5aafa6b6a7b6e8de01",
        "a.b.c",
    ] {
        let answer = post(&gateway, "/introspect", &[("token", dead)]);
        assert_eq!((answer.status, answer.text()), (200, DEAD.into()), "{dead}");
    }
}

#[test]
fn rfc_7662_2_2_a_token_that_the_service_may_not_know_is_inactive() {
    let gateway = gateway();
    let bimplus = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &bimplus, &[]);
    let asked = |key: &str, token: &str| {
        let request = Request::post("/introspect").header("Authorization", format!("Bearer {key}"));
        let request = request.form(format!("token={token}"));
        let answer = request.send(gateway.management()).unwrap();
        answer.json().unwrap()["active"].clone()
    };
    for (members, sees_token, sees_jwt) in [
        (json!({"dialects": ["bimplus"]}), true, true),
        (json!({"dialects": ["crmcom"]}), false, false),
        // The JWT is for the audience "services".
        (json!({"audiences": ["archive"]}), true, false),
        (json!({"audiences": ["services", "archive"]}), true, true),
    ] {
        let key = key(&gateway, &members);
        assert_eq!(asked(&key, &bimplus), sees_token, "{members}");
        assert_eq!(asked(&key, &of_jwt), sees_jwt, "{members}");
    }
}

#[test]
fn rfc_7662_2_3_a_service_without_a_valid_key_learns_nothing() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    for key in ["wrong", "demo-admin-key"] {
        let request = Request::post("/introspect").header("Authorization", format!("Bearer {key}"));
        let answer = request.form(format!("token={token}"));
        let answer = answer.send(gateway.management()).unwrap();
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json().unwrap().get("active"), None);
    }
}

#[test]
fn rfc_7662_2_2_our_own_jwt_has_its_claims() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(
        &gateway,
        &token,
        &[("audience", "archive"), ("scope", "read")],
    );
    let mut expected = part(&of_jwt, 1);
    let members = expected.as_object_mut().unwrap();
    members.insert("active".to_owned(), true.into());
    members.insert("token_type".to_owned(), "Bearer".into());
    assert_eq!(introspect(&gateway, &of_jwt), expected);
    assert_eq!(introspect(&gateway, &format!("Bearer {of_jwt}")), expected);
    assert_eq!(expected["sid"], introspect(&gateway, &token)["jti"]);
    assert_eq!(expected["iss"], "https://login.example.com");
    assert_eq!(expected["aud"], "archive");
    assert_eq!(expected["scope"], "read");
}

#[test]
fn rfc_7662_2_2_a_jwt_is_active_as_long_as_its_token() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    assert_eq!(introspect(&gateway, &of_jwt)["active"], true);
    log_out(&gateway, &token);
    assert_eq!(introspect(&gateway, &of_jwt), json!({"active": false}));
    assert_eq!(exchange(&gateway, &of_jwt, &[]).status, 400);

    let token = self::token(&gateway, "crmcom");
    let of_jwt = jwt(&gateway, &token, &[]);
    let user = introspect(&gateway, &of_jwt)["sub"]
        .as_str()
        .unwrap()
        .to_owned();
    let disabled = Request::new("PUT", format!("/admin/users/{user}/state"))
        .header("Authorization", "Bearer demo-admin-key")
        .json(&json!({"state": "disabled"}));
    assert_eq!(disabled.send(gateway.management()).unwrap().status, 200);
    assert_eq!(introspect(&gateway, &of_jwt), json!({"active": false}));
}

#[test]
fn rfc_7662_4_a_result_may_be_used_for_max_age_at_most() {
    let told_by = |config: &str| {
        let gateway = builder().config_text(config).start().unwrap();
        let token = token(&gateway, "bimplus");
        let of_jwt = part(&jwt(&gateway, &token, &[]), 1);
        (life(&introspect(&gateway, &token)), life(&of_jwt))
    };
    let (of_token, of_jwt) = told_by("[introspection]\nmax_age = \"7s\"");
    assert!((7..120).contains(&of_token), "{of_token}");
    assert_eq!(of_jwt, 7);
    let (of_token, of_jwt) = told_by("");
    assert!((300..420).contains(&of_token), "{of_token}");
    assert_eq!(of_jwt, 300);
    let unlimited = told_by("[introspection]\nmax_age = \"0s\"");
    assert_eq!(unlimited, (8 * 3600, 300));
}

#[test]
fn a_path_for_each_dialect_knows_the_tokens_of_that_dialect_only() {
    let gateway = builder()
        .config_text("[dialects.memsource]\nenabled = false")
        .start()
        .unwrap();
    let bimplus = bimplus_token(&gateway, &json!({}));
    let of_jwt = jwt(&gateway, &bimplus, &[]);
    let active = |path: &str, more: &[(&str, &str)]| -> Value {
        let mut found = json!([]);
        for token in [&bimplus, &of_jwt] {
            let parameters = [&[("token", &**token)][..], more].concat();
            let answer = post(&gateway, path, &parameters).json().unwrap();
            found.as_array_mut().unwrap().push(answer["active"].clone());
        }
        found
    };
    assert_eq!(active("/introspect/bimplus", &[]), json!([true, true]));
    assert_eq!(active("/introspect/crmcom", &[]), json!([false, false]));
    let same = [("dialect", "bimplus")];
    assert_eq!(active("/introspect/bimplus", &same), json!([true, true]));
    assert_eq!(active("/introspect", &same), json!([true, true]));
    let other = post(&gateway, "/introspect/crmcom", &[("token", "x"), same[0]]);
    assert_eq!(other.status, 400);
    assert_eq!(other.json().unwrap()["error"], "invalid_request");
    for path in ["/introspect/memsource", "/introspect/moon"] {
        assert_eq!(
            post(&gateway, path, &[("token", "x")]).status,
            404,
            "{path}"
        );
    }
}
