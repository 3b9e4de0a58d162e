//! Token checks of services and proxies: refused ones are recorded, too, although they have no request identifier.

use isogloss_testkit::Request;
use serde_json::json;

use super::{admin, gateway, wait_for};

#[test]
fn a_proxy_and_a_service_that_present_dead_tokens() {
    let gateway = gateway().start().unwrap();
    let login = Request::post("/web/api/v3/auth/login")
        .form("userName=linguist&password=linguist-demo")
        .send(gateway.public());
    let token = login.unwrap().json().unwrap()["token"].clone();
    let token = token.as_str().unwrap();
    let disable = Request::new("PUT", "/admin/users/linguist/state");
    let disable = disable.json(&json!({"state": "disabled"}));
    assert_eq!(admin(&gateway, disable).status, 200);

    let check = |dialect: &str, authorization: &str| {
        Request::get(format!("/forward-auth/{dialect}"))
            .header("X-Forwarded-Uri", "/web/api2/v1/projects?q=hidden")
            .header("Authorization", authorization)
            .send(gateway.management())
            .unwrap()
            .status
    };
    assert_eq!(check("memsource", &format!("ApiToken {token}")), 401);
    assert_eq!(
        check("bimplus", "BimPlus 00000000000000000000000000000000"),
        401
    );
    assert_eq!(check("crmcom", "Bearer nonsense"), 401);
    let introspect = Request::post("/introspect")
        .header("Authorization", "Bearer demo-introspection-key")
        .form(format!("token={token}"))
        .send(gateway.management())
        .unwrap();
    assert_eq!(introspect.json().unwrap(), json!({"active": false}));

    let mut found = wait_for(&gateway, "limit=10", 4);
    found.reverse();
    let summary = |index: usize| {
        let one = &found[index];
        json!([one["route"], one["dialect"], one["status"], one["cause"]])
    };
    assert_eq!(
        summary(0),
        json!(["/forward-auth", "memsource", 401, "user_changed"])
    );
    assert_eq!(
        summary(1),
        json!(["/forward-auth", "bimplus", 401, "unknown_token"])
    );
    assert_eq!(
        summary(2),
        json!(["/forward-auth", "crmcom", 401, "no_token"])
    );
    assert_eq!(
        summary(3),
        json!(["/introspect", "memsource", 200, "user_changed"])
    );
    assert!(!json!(found).to_string().contains("hidden"));
    assert!(!json!(found).to_string().contains(token));
}
