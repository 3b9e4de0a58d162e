//! A token opens what it was made for, in the dialect that made it, and nothing else.

use std::net::SocketAddr;

use isogloss_testkit::{Request, Response, Result};
use serde_json::{Value, json};

use crate::refusal;
use crate::{assert_unharmed, gateway};

pub(crate) const CLIENT: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";

/// Live tokens of the administrator: what each is, and its 32 hexadecimal digits.
pub(crate) fn tokens(public: SocketAddr) -> Vec<(&'static str, String)> {
    let answer = |request: Request| request.send(public).unwrap().json().unwrap();
    let digits = |answer: &Value, place: &str| {
        let token = answer.pointer(place).and_then(Value::as_str);
        let token = token.unwrap_or_else(|| panic!("no {place} in {answer}"));
        token.rsplit('-').next().unwrap().to_lowercase()
    };
    let remembered = answer(Request::post("/v2/authorize").json(&json!({
        "user_id": "admin", "password": "admin-demo", "remember_me": true, "client_id": CLIENT,
    })));
    let access = digits(&remembered, "/access_token");
    let cross = answer(
        Request::post("/v2/cross-token").header("Authorization", format!("BimPlus {access}")),
    );
    let crm =
        answer(Request::post("/crmapi/rest/v2/authentication/token").json(
            &json!({"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO"}),
        ));
    let device = answer(
        Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(&json!({
            "userName": "admin", "password": "admin-demo", "deviceName": "d",
            "generateReAuthenticationToken": true,
        })),
    );
    let login =
        answer(Request::post("/web/api/v3/auth/login").form("userName=admin&password=admin-demo"));
    let token = login["token"].as_str().unwrap();
    let other = answer(
        Request::post("/web/api/v3/auth/loginOther").form(format!("token={token}&userName=admin")),
    );
    vec![
        ("bimplus access", access),
        (
            "bimplus remember-me",
            digits(&remembered, "/remember_me_token"),
        ),
        ("bimplus cross", digits(&cross, "/cross_token")),
        ("crmcom", digits(&crm, "/data/token")),
        ("tokenlogin session", digits(&device, "/SessionToken")),
        (
            "tokenlogin re-authentication",
            digits(&device, "/ReAuthenticationToken"),
        ),
        ("memsource", digits(&login, "/token")),
        ("memsource loginOther", digits(&other, "/token")),
    ]
}

/// One door a token may open: which tokens do, and how it is knocked at.
type Door = (
    &'static str,
    &'static [&'static str],
    fn(digits: &str) -> Request,
);

const DOORS: [Door; 9] = [
    ("bimplus", &["bimplus access"], |digits| {
        Request::get("/v2/authorize").header("Authorization", format!("BimPlus {digits}"))
    }),
    ("bimplus", &["bimplus access"], |digits| {
        Request::post("/v2/cross-token").header("Authorization", format!("BimPlus {digits}"))
    }),
    ("bimplus", &["bimplus remember-me"], |digits| {
        Request::post("/v2/authorize")
            .json(&json!({"remember_me": true, "remember_me_token": digits, "client_id": CLIENT}))
    }),
    ("bimplus", &["bimplus cross"], |digits| {
        Request::post("/v2/cross-authorize").json(&json!({"cross_token": digits}))
    }),
    ("tokenlogin", &["tokenlogin re-authentication"], |digits| {
        Request::post("/api/v1/Authentication/TokenLogin?APIKey=demo-api-key")
            .json(&json!({"reAuthenticationToken": digits}))
    }),
    (
        "memsource",
        &["memsource", "memsource loginOther"],
        |digits| Request::get(format!("/web/api/v3/auth/whoAmI?token=30-{digits}")),
    ),
    (
        "memsource",
        &["memsource", "memsource loginOther"],
        |digits| {
            Request::get("/web/api/v3/auth/whoAmI")
                .header("Authorization", format!("ApiToken 30-{digits}"))
        },
    ),
    (
        "memsource",
        &["memsource", "memsource loginOther"],
        |digits| {
            Request::get("/web/api2/v1/auth/whoAmI")
                .header("Authorization", format!("Bearer 30-{digits}"))
        },
    ),
    ("memsource", &["memsource loginOther"], |digits| {
        Request::get(format!("/web/login/authByToken?token=30-{digits}"))
    }),
];

#[test]
fn a_token_of_another_dialect_or_purpose_is_refused() {
    let mut gateway = gateway();
    let public = gateway.public();
    for (index, (dialect, keys, knock)) in DOORS.iter().enumerate() {
        for (kind, digits) in tokens(public) {
            let response: Result<Response> = knock(&digits).send(public);
            let response = response.unwrap();
            let what = format!("{kind} at door {index}: {}", refusal::shown(&response));
            if keys.contains(&kind) {
                assert!(matches!(response.status, 200 | 302), "{what}");
            } else {
                assert_eq!(refusal::check(dialect, &response), Ok(()), "{what}");
                assert_eq!(response.status, 401, "{what}");
            }
        }
    }
    assert_unharmed(&mut gateway);
}
