//! Calls to a back end.

use isogloss_testkit::{BackEndServer, Request, Step};
use serde_json::{Value, json};

use super::{SAMPLE, gateway, lines, log_in, plain, records};

fn settings(address: &str) -> String {
    format!("[dialects.bimplus]\nbackend = '{address}'")
}

fn token(login: &isogloss_testkit::Response) -> String {
    let login = login.json().unwrap();
    login["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_relayed_call_is_recorded_with_its_path_its_user_and_its_outcome() {
    let back_end = BackEndServer::start(|_| Step::text("a list")).unwrap();
    let gateway = gateway("json").config_text(settings(&back_end.url()));
    let gateway = gateway.start().unwrap();
    gateway.wait_until_ready().unwrap();
    let token = token(&log_in(&gateway, "sample-demo"));
    let call = Request::get(format!("/v2/projects/7?access_token={token}"));
    let answered = call.send(gateway.public()).unwrap();
    let refused = Request::get("/v2/projects/7")
        .send(gateway.public())
        .unwrap();
    let unreachable_address = back_end.address();
    drop(back_end);
    let failed = call.send(gateway.public()).unwrap();
    let records = records(&gateway, 4);
    let expected = |status: u16, outcome: &str, back_end: Option<&str>| {
        let mut expected = json!({
            "dialect": "bimplus", "http.method": "GET", "http.route": "{backend}",
            "http.path": "/v2/projects/7", "http.version": "1.1", "http.status_code": status,
            "outcome": outcome,
        });
        if let Some(back_end) = back_end {
            expected["back_end"] = back_end.into();
            expected["user.id"] = SAMPLE.into();
        }
        expected
    };
    let plain = |index: usize, response| plain(records[index].clone(), response);
    assert_eq!(
        plain(1, &answered),
        expected(200, "done", Some("responded"))
    );
    assert_eq!(plain(2, &refused), expected(401, "refused", None));
    let unreachable = expected(502, "failed", Some("unreachable"));
    assert_eq!(plain(3, &failed), unreachable, "{unreachable_address}");
    assert!(
        !records
            .iter()
            .any(|record: &Value| record.to_string().contains(&token))
    );
}

#[test]
fn a_common_line_of_a_relayed_call_has_its_path() {
    let back_end = BackEndServer::start(|_| Step::text("a list")).unwrap();
    let gateway = gateway("common").config_text(settings(&back_end.url()));
    let gateway = gateway.start().unwrap();
    gateway.wait_until_ready().unwrap();
    let token = token(&log_in(&gateway, "sample-demo"));
    let call = Request::get(format!("/v2/projects/7?access_token={token}"));
    call.send(gateway.public()).unwrap();
    let lines = lines(&gateway, 2);
    assert!(
        lines[1].contains(r#""GET /v2/projects/7 HTTP/1.1" 200 6"#),
        "{}",
        lines[1]
    );
}
