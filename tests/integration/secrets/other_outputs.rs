//! Other calls than logins: their keys, tokens and passwords are not logged either.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

const PASSWORD: &str = "Marked-Pa55word-of-a-reset";
const KEY: &str = "demo-web-api-key";
/// `demo-web-api-key:` in Base64.
const BASIC: &str = "ZGVtby13ZWItYXBpLWtleTo=";
const UNKNOWN: &str = "00112233445566778899aabbccddeeff";

fn text(answer: &Value, pointer: &str) -> String {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap()
        .to_owned()
}

#[test]
fn calls_beyond_the_login_log_no_secret() {
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__LOGGING__LEVEL", "trace")
        .start()
        .unwrap();
    let server = gateway.public();
    let answer = |request: Request| request.send(server).unwrap().json().unwrap();
    let sent = |request: Request| request.send(server).unwrap().status;

    let crm = "/crmapi/rest/v2/authentication";
    let by_key = Request::post(format!("{crm}/web_api_key/token"));
    let by_key = answer(by_key.header("Authorization", format!("Basic {BASIC}")));
    let crm_token = text(&by_key, "/data/token");
    let release = || Request::post(format!("{crm}/token/release"));
    sent(release().json(&json!({"token": UNKNOWN.to_uppercase()})));
    sent(release().json(&json!({"token": crm_token})));

    let login = json!({"userName": "sample", "password": "sample-demo"});
    let actions = "/api/v1/Authentication";
    let login = Request::post(format!("{actions}/Login?APIKey=demo-api-key")).json(&login);
    let session = text(&answer(login), "/SessionToken");
    for token in [session.as_str(), UNKNOWN] {
        sent(Request::get(format!(
            "/api/v1/Users/Me?APIKey=demo-api-key&APIToken={token}"
        )));
        sent(Request::post(format!(
            "{actions}/Logout?APIKey=demo-api-key&APIToken={token}"
        )));
    }
    let reset = json!({"ResetKey": UNKNOWN, "Password": PASSWORD});
    let finish = || Request::post(format!("{actions}/FinishPasswordReset?APIKey=demo-api-key"));
    sent(finish().json(&reset));
    sent(
        finish()
            .header("Content-Type", "application/json")
            .body(format!("{{\"Password\": \"{PASSWORD}\"")),
    );

    let login = json!({"user_id": "admin", "password": "admin-demo"});
    let bimplus = text(
        &answer(Request::post("/v2/authorize").json(&login)),
        "/access_token",
    );
    for token in [bimplus.as_str(), UNKNOWN] {
        sent(Request::get(format!("/v2/tokeninfo?access_token={token}")));
        for path in ["/v2/user", "/v2/teams"] {
            sent(Request::get(path).header("Authorization", format!("BimPlus {token}")));
        }
    }

    let parts = format!(
        "--x\r\nContent-Disposition: form-data; name=\"userName\"\r\n\r\nadmin\r\n\
         --x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{PASSWORD}\r\n--x--\r\n"
    );
    for body in [parts.as_str(), parts.trim_end_matches("--x--\r\n")] {
        let multipart = "multipart/form-data; boundary=x";
        sent(
            Request::post("/web/api/v3/auth/login")
                .header("Content-Type", multipart)
                .body(body),
        );
    }
    let login = json!({"userName": "admin", "password": "admin-demo", "code": null});
    let api2 = text(
        &answer(Request::post("/web/api2/v1/auth/login").json(&login)),
        "/token",
    );
    let (_, api2_hex) = api2.split_once('-').unwrap();
    for token in [api2.as_str(), "30-00112233445566778899aabbccddeeff"] {
        sent(Request::get(format!(
            "/web/api2/v1/auth/whoAmI?token={token}"
        )));
        let header = format!("ApiToken {token}");
        sent(Request::post("/web/api2/v1/auth/logout").header("Authorization", header));
    }

    assert!(gateway.terminate().unwrap().success());
    let audited = gateway.folder().join("data/audit.jsonl");
    let audited = std::fs::read_to_string(audited).unwrap();
    let log = gateway.log().join("\n") + &audited;
    let log = log.to_lowercase();
    for secret in [
        PASSWORD, KEY, BASIC, UNKNOWN, &crm_token, &session, &bimplus, api2_hex,
    ] {
        assert!(
            !log.contains(&secret.to_lowercase()),
            "{secret} is in the log"
        );
    }
    assert!(
        log.contains("http.status_code"),
        "nothing was logged at all"
    );
}
