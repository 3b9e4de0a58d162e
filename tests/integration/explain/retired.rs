//! Dialects that are being retired, tokens that expire, and authorities that are down.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use isogloss_testkit::Request;
use serde_json::json;

use super::{gateway, is_refused_for, refusal_of, wait_for};
use crate::web_hook::table;

#[test]
fn brownouts_blocked_clients_and_the_end_of_a_dialect() {
    let gateway = gateway()
        .config_text(
            "[sunset.crmcom]\n\
             brownouts = [{ from = \"2020-01-01T00:00:00Z\", until = \"2099-01-01T00:00:00Z\" }]\n\
             [sunset.bimplus]\n\
             cut_off = [{ user_agent = \"OldApp\" }, { application = \"0106c8baad467c08e26f026852cb7525\" }]\n\
             [sunset.tokenlogin]\n\
             sunset_at = \"2020-01-01T00:00:00Z\"\n\
             then = \"refuse\"\n",
        )
        .start()
        .unwrap();
    let planted = |request, cause, detail| is_refused_for(&gateway, &request, cause, detail);
    let crmcom = Request::post("/crmapi/rest/v2/authentication/token").json(&json!({}));
    planted(crmcom, "brownout", "2099-01-01T00:00:00.000Z");
    let login = json!({"user_id": "sample", "password": "sample-demo"});
    let old = Request::post("/v2/authorize").header("User-Agent", "OldApp/1.2");
    let found = planted(old.json(&login), "client_blocked", "");
    assert_eq!(found["user_agent"], "OldApp/1");
    let named = json!({"user_id": "sample", "password": "sample-demo",
        "application_id": "0106c8baad467c08e26f026852cb7525"});
    planted(
        Request::post("/v2/authorize").json(&named),
        "client_blocked",
        "",
    );
    let login = Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key");
    let login = login.json(&json!({"userName": "sample", "password": "sample-demo"}));
    planted(login, "shut_down", "");

    let check = Request::get("/forward-auth/crmcom").header("X-Forwarded-Uri", "/x?token=1");
    assert_eq!(check.send(gateway.management()).unwrap().status, 503);
    let found = wait_for(&gateway, "dialect=crmcom", 2);
    assert_eq!(
        (&found[0]["route"], &found[0]["cause"]),
        (&json!("/forward-auth"), &json!("brownout"))
    );
}

#[test]
fn a_token_that_has_expired() {
    let gateway = gateway()
        .config_text("[dialects.memsource]\ntoken_lifetime = '1s'\n")
        .start()
        .unwrap();
    let login = Request::post("/web/api/v3/auth/login")
        .form("userName=linguist&password=linguist-demo")
        .send(gateway.public());
    let token = login.unwrap().json().unwrap()["token"].clone();
    let path = format!("/web/api/v3/auth/whoAmI?token={}", token.as_str().unwrap());
    let answer = loop {
        let answer = Request::get(&path).send(gateway.public()).unwrap();
        if answer.status != 200 {
            break answer;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let found = refusal_of(&gateway, &answer);
    let explanation = found["explanation"].as_str().unwrap();
    assert!(explanation.contains("expired"), "{found:#}");
    assert_eq!(found["user"], "linguist");
}

#[test]
fn an_authority_that_is_down() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let gateway = gateway()
        .config_text(table("hook", address))
        .start()
        .unwrap();
    let login = json!({"user_id": "stranger", "password": "secret"});
    let login = Request::post("/v2/authorize").json(&login);
    let found = is_refused_for(&gateway, &login, "connect", "");
    assert_eq!(
        (&found["judged_by"], &found["status"]),
        (&json!("hook"), &json!(503))
    );
}
