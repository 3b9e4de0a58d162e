//! Planted failures of clients of the four dialects: each is recorded with its true cause.

use isogloss_testkit::{Gateway, Request, TimeStep, totp_code};
use serde_json::json;

use super::{admin, gateway, is_explained, is_refused_for};

const GUARDED_SECRET: &str = "JBSWY3DPEHPK3PXP";

fn bimplus(user: &str, password: &str) -> Request {
    Request::post("/v2/authorize").json(&json!({"user_id": user, "password": password}))
}

fn crmcom(user: &str, password: &str, organisation: &str) -> Request {
    let path = "/crmapi/rest/v2/authentication/token";
    Request::post(path)
        .json(&json!({"username": user, "password": password, "organisation": organisation}))
}

fn tokenlogin(key: &str, user: &str, password: &str) -> Request {
    Request::post(format!("/api/v1/Authentication/Login{key}"))
        .json(&json!({"userName": user, "password": password}))
}

fn memsource(form: &str) -> Request {
    Request::post("/web/api/v3/auth/login").form(form)
}

#[test]
fn names_passwords_and_accounts() {
    let gateway = gateway().start().unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    let found = planted(bimplus("nobody", "secret"), "unknown_name", "");
    assert_eq!(found["user"], json!(null));
    assert_eq!(found["typed_name"], json!(null));
    let found = planted(bimplus("ADA@example.com", "secret"), "unknown_name", "");
    assert!(!found.to_string().contains("ADA"), "{found:#}");
    let found = planted(bimplus("sample", "wrong"), "wrong_password", "");
    assert_eq!(found["user"], "sample");
    assert_eq!(
        (&found["dialect"], &found["by"]),
        (&json!("bimplus"), &json!("password"))
    );
    assert_eq!(found["route"], "/v2/authorize");
    let wrong_password = crmcom("mpadministrator", "wrong", "CRMDEMO");
    planted(wrong_password, "wrong_password", "");
    let wrong_password = tokenlogin("?APIKey=demo-api-key", "sample@example.com", "wrong");
    let found = planted(wrong_password, "wrong_password", "");
    assert_eq!(found["key"], "demo");
    planted(
        memsource("userName=linguist&password=wrong"),
        "wrong_password",
        "",
    );
    planted(
        memsource("userName=linguist%00&password=wrong"),
        "unknown_name",
        "",
    );
    planted(bimplus("retired", "retired-demo"), "disabled", "");
    // The password decides first: a stranger learns nothing, and the operator what is really wrong.
    planted(bimplus("retired", "wrong"), "wrong_password", "");
}

#[test]
fn organisations_and_units() {
    let gateway = gateway().start().unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    let foreign = crmcom("mpadministrator", "1234", "OTHERORG");
    let found = planted(foreign, "other_organisation", "CRMDEMO");
    let explanation = found["explanation"].as_str().unwrap();
    assert!(
        explanation.contains("the user belongs to CRMDEMO"),
        "{explanation}"
    );
    let path = "/crmapi/rest/v2/authentication/token";
    let login = json!({"username": "mpadministrator", "password": "1234", "organisation": "CRMDEMO",
        "unit": "11111111222222223333333344444444"});
    let own = "EE63A82C4FEBE02FF34E90DD1EBA5ABE";
    planted(Request::post(path).json(&login), "other_unit", own);
    let other = json!({"userName": "admin", "password": "admin-demo",
        "userUid": "00000000-0000-4000-8000-000000000000"});
    let other = Request::post("/web/api2/v3/auth/login").json(&other);
    planted(other, "other_user", "");
}

#[test]
fn second_factors() {
    let gateway = gateway().start().unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    planted(bimplus("guarded", "guarded-demo"), "code_missing", "");
    let login = |code: &str| {
        memsource(&format!(
            "userName=guarded&password=guarded-demo&code={code}"
        ))
    };
    let missing = memsource("userName=guarded&password=guarded-demo");
    planted(missing, "code_missing", "");
    planted(login("abcdef"), "code_wrong", "");
    let code = totp_code(GUARDED_SECRET, TimeStep::Current).unwrap();
    assert_eq!(login(&code).send(gateway.public()).unwrap().status, 200);
    planted(login(&code), "code_used", "");
}

#[test]
fn cards_keys_and_applications() {
    let gateway = gateway()
        .config_text("[dialects.bimplus]\napplications = 'known'\n")
        .start()
        .unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    let card = |card: serde_json::Value| {
        Request::post("/crmapi/rest/v2/authentication/token")
            .json(&json!({"organisation": "CRMDEMO", "access_token_identifier": card}))
    };
    let wrong = json!({"identifier": "kyriakos", "pass_code": "54321"});
    let found = planted(card(wrong), "unknown_card", "");
    assert_eq!(
        (&found["by"], &found["user"]),
        (&json!("card"), &json!("mpadministrator"))
    );
    let dormant = json!({"identifier": "dormant", "pass_code": "12345"});
    planted(card(dormant), "unknown_card", "");
    let unknown = json!({"authentication_code": "00000000000000000000000000000000"});
    planted(card(unknown), "unknown_card", "");
    let web = Request::post("/crmapi/rest/v2/authentication/web_api_key/token")
        .header("Authorization", "Basic bm8tc3VjaC1rZXk6")
        .json(&json!({"unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE"}));
    planted(web, "unknown_key", "");
    planted(
        tokenlogin("?APIKey=other", "sample", "sample-demo"),
        "unknown_key",
        "",
    );
    planted(
        tokenlogin("", "sample", "sample-demo"),
        "no_credentials",
        "key",
    );
    let application = json!({"user_id": "sample", "password": "sample-demo",
        "application_id": "11111111222222223333333344444444"});
    let application = Request::post("/v2/authorize").json(&application);
    planted(application, "unknown_key", "");
}

#[test]
fn requests_that_are_no_logins() {
    let gateway = gateway().start().unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    let json_of = |body: &str| {
        Request::post("/v2/authorize")
            .header("Content-Type", "application/json")
            .body(body)
    };
    planted(json_of("{"), "invalid_request", "not a JSON object");
    planted(
        json_of(r#"{"user_id": "sample"}"#),
        "invalid_request",
        "password",
    );
    planted(
        json_of(r#"{"user_id": {}, "password": "x"}"#),
        "invalid_request",
        "user_id",
    );
    planted(memsource("password=x"), "invalid_request", "userName");
    let missing = Request::post("/crmapi/rest/v2/authentication/token").json(&json!({}));
    planted(missing, "invalid_request", "");
    let odd = json!({"userName": {"a": 1}, "password": "x"});
    let odd = Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(&odd);
    planted(odd, "invalid_request", "userName");
    let text = Request::post("/v2/authorize")
        .header("Content-Type", "application/xml")
        .body("user_id=sample");
    planted(text, "media_type", "");
    planted(json_of(&" ".repeat(300_000)), "body_too_large", "");
    planted(
        Request::get("/v2/authorise?password=secret"),
        "no_route",
        "",
    );
    let found = planted(
        Request::get("/v3/authorize?password=secret"),
        "no_route",
        "",
    );
    assert_eq!(
        (&found["dialect"], &found["route"]),
        (&json!(null), &json!("/v3/authorize"))
    );
    assert!(!found.to_string().contains("secret"), "{found:#}");
    planted(
        Request::new("PUT", "/v2/authorize"),
        "method_not_allowed",
        "",
    );
}

#[test]
fn locks() {
    let gateway = gateway().demo_budgets().start().unwrap();
    loop {
        let answer = bimplus("sample", "wrong").send(gateway.public()).unwrap();
        if answer.status == 429 {
            break;
        }
    }
    let found = is_refused_for(
        &gateway,
        &bimplus("sample", "sample-demo"),
        "locked",
        "account, ",
    );
    assert!(
        found["advice"].as_str().unwrap().contains("throttle clear"),
        "{found:#}"
    );
}

/// Logs in and returns the token.
fn token(gateway: &Gateway, user: &str, password: &str) -> String {
    let answer = bimplus(user, password).send(gateway.public()).unwrap();
    let answer = answer.json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn with_token(token: &str) -> Request {
    Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"))
}

#[test]
fn tokens_that_are_not_valid_any_more() {
    let gateway = gateway().start().unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    planted(Request::get("/v2/authorize"), "no_token", "");
    let unknown = planted(
        with_token("00000000000000000000000000000000"),
        "unknown_token",
        "",
    );
    is_explained(&gateway, &unknown, "never issued");

    let ended = token(&gateway, "sample", "sample-demo");
    let logout = Request::new("DELETE", "/v2/authorize");
    let logout = logout.header("Authorization", format!("BimPlus {ended}"));
    assert_eq!(logout.send(gateway.public()).unwrap().status, 200);
    let found = planted(with_token(&ended), "unknown_token", "");
    is_explained(&gateway, &found, "by its user");

    let revoked = token(&gateway, "sample", "sample-demo");
    let end = Request::new("DELETE", "/admin/sessions?user=sample");
    assert_eq!(admin(&gateway, end).status, 200);
    let found = planted(with_token(&revoked), "unknown_token", "");
    let by_key = "sessions of the user were ended by the key";
    is_explained(&gateway, &found, by_key);

    let disabled = token(&gateway, "linguist", "linguist-demo");
    let disable = Request::new("PUT", "/admin/users/linguist/state");
    let disable = disable.json(&json!({"state": "disabled"}));
    assert_eq!(admin(&gateway, disable).status, 200);
    planted(with_token(&disabled), "user_changed", "");
    let remember = json!({"remember_me_token": "00000000000000000000000000000000",
        "client_id": "0864b512-1776-4a55-8ee5-2b19d7d9b7ea"});
    planted(
        Request::post("/v2/authorize").json(&remember),
        "unknown_token",
        "",
    );
    let browser = Request::get("/web/login/authByToken?token=nonsense");
    planted(browser, "no_token", "");
}
