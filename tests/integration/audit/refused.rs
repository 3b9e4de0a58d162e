//! Right credentials that a dialect refuses: recorded as one refused login and nothing else.

use isogloss_testkit::{Request, Response};
use serde_json::{Value, json};

use crate::audit::events::{of, only};
use crate::audit::{gateway, text};

const FOREIGN_UNIT: &str = "11111111222222223333333344444444";
const KEYS: [&str; 4] = ["event", "outcome", "by", "reason"];

fn summaries(events: &[Value]) -> Vec<Value> {
    events.iter().map(|event| only(event, &KEYS)).collect()
}

#[test]
fn a_login_to_a_foreign_unit_is_recorded_as_refused() {
    let gateway = gateway().start().unwrap();
    let ask = |path: &str, key: Option<&str>, body: Value| {
        let request = Request::post(format!("/crmapi/rest/v2/authentication/{path}")).json(&body);
        let request = match key {
            Some(key) => request.header("Authorization", format!("Basic {key}")),
            None => request,
        };
        let code = text(&request.send(gateway.public()).unwrap(), "/status/code");
        assert_eq!(code, "COM.CRM.EXCEPTION.SECURITY.INVALIDUNITEXCEPTION");
    };
    let card = json!({"authentication_code": "CCD4537CA4AD4EE8912FFBAE53110601"});
    ask(
        "token",
        None,
        json!({"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO",
            "unit": FOREIGN_UNIT}),
    );
    ask(
        "token",
        None,
        json!({"organisation": "CRMDEMO", "unit": FOREIGN_UNIT, "access_token_identifier": card}),
    );
    let key = Some("ZGVtby13ZWItYXBpLWtleTo=");
    ask("web_api_key/token", key, json!({"unit": FOREIGN_UNIT}));
    let refused =
        |by: &str| json!({"event": "login", "outcome": "refused", "by": by, "reason": "forbidden"});
    let expected = ["password", "card", "key"].map(refused);
    assert_eq!(summaries(&of(&gateway, 3)), expected);
}

#[test]
fn a_login_for_another_uid_is_recorded_as_refused() {
    let gateway = gateway().start().unwrap();
    let ask = |path: &str, token: Option<&str>, body: Value| -> Response {
        let request = Request::post(format!("/web/api2/{path}")).json(&body);
        let request = match token {
            Some(token) => request.header("Authorization", format!("ApiToken {token}")),
            None => request,
        };
        request.send(gateway.public()).unwrap()
    };
    let other = "00000000-0000-4000-8000-000000000000";
    let login =
        |uid: Option<&str>| json!({"userName": "admin", "password": "admin-demo", "userUid": uid});
    assert_eq!(ask("v3/auth/login", None, login(Some(other))).status, 401);
    let token = text(&ask("v3/auth/login", None, login(None)), "/token");
    let linguist = json!({"userName": "linguist", "userUid": other});
    let answer = ask("v3/auth/loginOther", Some(&token), linguist);
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let event = |event: &str, outcome: &str, by: Option<&str>, reason: Option<&str>| json!({"event": event, "outcome": outcome, "by": by, "reason": reason});
    assert_eq!(
        summaries(&of(&gateway, 4)),
        [
            event("login", "refused", Some("password"), Some("credentials")),
            event("login", "done", Some("password"), None),
            event("issue", "done", None, None),
            event("impersonate", "refused", None, Some("unknown_user")),
        ]
    );
}
