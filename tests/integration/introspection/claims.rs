//! What services learn about the client and the scopes of a token.

use isogloss_testkit::Request;
use serde_json::{Value, json};

use crate::introspection::{bimplus_token, builder, gateway, introspect, jwt, part, token};

const APPLICATION: &str = "6C12345D9B0C4F3C23ABB5721D098F7B";

#[test]
fn the_client_is_what_the_directory_has_confirmed_and_never_what_the_caller_wrote() {
    let unlisted = APPLICATION.replace('6', "7");
    for (applications, application, client) in [
        ("known", APPLICATION, APPLICATION),
        ("any", APPLICATION, APPLICATION),
        ("any", &*unlisted, "bimplus"),
    ] {
        let config = format!("[dialects.bimplus]\napplications = \"{applications}\"");
        let gateway = builder().config_text(config).start().unwrap();
        gateway.wait_until_ready().unwrap();
        let login = json!({"application_id": application, "client_id": "services"});
        let token = bimplus_token(&gateway, &login);
        for claims in [
            introspect(&gateway, &token),
            part(&jwt(&gateway, &token, &[]), 1),
        ] {
            assert_eq!(claims["client_id"], client, "{applications} {application}");
            assert_eq!(claims["device"], "services");
        }
    }
    let gateway = gateway();
    // The label of the key that the login had.
    assert_eq!(
        introspect(&gateway, &token(&gateway, "tokenlogin"))["client_id"],
        "demo"
    );
    for dialect in ["crmcom", "memsource"] {
        let told = introspect(&gateway, &token(&gateway, dialect));
        assert_eq!(told["client_id"], dialect);
    }
    let with_key = Request::post("/crmapi/rest/v2/authentication/web_api_key/token")
        // demo-web-api-key:
        .header("Authorization", "Basic ZGVtby13ZWItYXBpLWtleTo=")
        .json(&json!({}));
    let answer = with_key.send(gateway.public()).unwrap().json().unwrap();
    let token = answer["data"]["token"].as_str().unwrap();
    assert_eq!(introspect(&gateway, token)["client_id"], "demo");
}

#[test]
fn the_scopes_are_those_of_the_role_and_the_dialect() {
    let gateway = builder()
        .config_text(
            "[introspection]\nscopes = { admin = \"a b\" }\n\
             dialect_scopes = { crmcom = \"b units\", memsource = \"\" }",
        )
        .start()
        .unwrap();
    for (dialect, scope) in [
        ("bimplus", "a b"),
        ("crmcom", "a b units"),
        ("memsource", "a b"),
    ] {
        let token = token(&gateway, dialect);
        assert_eq!(introspect(&gateway, &token)["scope"], scope, "{dialect}");
    }
}

#[test]
fn without_scopes_nothing_is_said_about_them() {
    let gateway = builder()
        .config_text("[introspection]\nscopes = { admin = \"\" }")
        .start()
        .unwrap();
    let token = token(&gateway, "bimplus");
    assert_eq!(introspect(&gateway, &token).get("scope"), None);
    let exchanged = crate::introspection::exchange(&gateway, &token, &[]);
    let exchanged = exchanged.json().unwrap();
    assert_eq!(exchanged.get("scope"), None);
    let claims = part(exchanged["access_token"].as_str().unwrap(), 1);
    assert_eq!(claims["scope"], Value::Null);
}

#[test]
fn of_a_jwt_services_learn_what_the_user_is_now_and_the_scopes_of_both_times() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    let before = introspect(&gateway, &of_jwt);
    assert_eq!(before["scope"], "read write admin");
    let change = Request::new("PATCH", "/admin/users/admin")
        .header("Authorization", "Bearer demo-admin-key")
        .json(&json!({"user_name": "demoted", "role": "LINGUIST"}));
    assert_eq!(change.send(gateway.management()).unwrap().status, 200);
    let after = introspect(&gateway, &of_jwt);
    assert_eq!(after["active"], true);
    assert_eq!(after["username"], "demoted");
    assert_eq!(after["role"], "LINGUIST");
    assert_eq!(after["scope"], "read write");
    for of_jwt in ["iss", "aud", "iat", "exp", "jti", "sid", "sub"] {
        assert_eq!(after[of_jwt], before[of_jwt], "{of_jwt}");
    }
    let narrow = jwt(&gateway, &token, &[("scope", "read")]);
    assert_eq!(introspect(&gateway, &narrow)["scope"], "read");
}

#[test]
fn an_audience_that_is_named_twice_is_one() {
    let gateway = gateway();
    let twice = [
        ("audience", "archive"),
        ("resource", "archive"),
        ("audience", "archive"),
    ];
    let of_jwt = jwt(&gateway, &token(&gateway, "bimplus"), &twice);
    assert_eq!(part(&of_jwt, 1)["aud"], "archive");
}
