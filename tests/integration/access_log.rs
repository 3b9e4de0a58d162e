//! The access log of a running gateway.

mod disk;
mod formats;
mod relayed;

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Builder, Gateway, Request, Response, raw_http};
use serde_json::{Value, json};
use socket2::SockRef;

const SAMPLE: &str = "8ec1a795-8688-4430-9af2-53dc591dde9b";

/// Returns a builder of a gateway with an access log in the file `access` of its folder.
fn gateway(format: &str) -> Builder {
    Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__LOGGING__ACCESS_TO", "file:access")
        .env("ISOGLOSS__LOGGING__ACCESS_FORMAT", format)
}

fn log_in(gateway: &Gateway, password: &str) -> Response {
    let login = json!({"user_id": "sample", "password": password});
    let login = Request::post("/v2/authorize").json(&login);
    login.send(gateway.public()).unwrap()
}

/// Waits for that many lines and returns them, the oldest first.
fn lines(gateway: &Gateway, count: usize) -> Vec<String> {
    let path = gateway.folder().join("access");
    let whole = || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A line that is still being written has no line end yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    wait_until("all lines", || whole().len() >= count).unwrap();
    let lines = whole();
    assert_eq!(lines.len(), count, "{lines:#?}");
    lines
}

fn records(gateway: &Gateway, count: usize) -> Vec<Value> {
    let lines = lines(gateway, count);
    let records = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    records.collect()
}

/// Returns the record without the members that differ between runs, after checking them.
fn plain(mut record: Value, response: &Response) -> Value {
    let members = record.as_object_mut().unwrap();
    let time = members.remove("time").unwrap();
    assert_eq!(
        time.as_str().unwrap().len(),
        "2026-11-29T08:00:00.120Z".len()
    );
    assert!(members.remove("duration_ms").unwrap().as_f64().unwrap() > 0.0);
    let request = members.remove("request_id").unwrap();
    assert_eq!(request.as_str(), response.header("X-Request-Id"));
    assert_eq!(members.remove("bytes"), Some(json!(response.body.len())));
    assert_eq!(members.remove("log"), Some(json!("access")));
    assert_eq!(members.remove("source"), Some(json!("127.0.0.1")));
    record
}

#[test]
fn a_request_is_recorded_with_its_route_its_user_and_its_outcome() {
    let gateway = gateway("json").start().unwrap();
    gateway.wait_until_ready().unwrap();
    let right = log_in(&gateway, "sample-demo");
    let wrong = log_in(&gateway, "not-this-one");
    let nowhere = Request::get("/v2/nowhere/at%20all?token=x").header("User-Agent", "curl/8 \"x\"");
    let nowhere = nowhere.send(gateway.public()).unwrap();
    let outside = Request::get("/outside").send(gateway.public()).unwrap();
    let records = records(&gateway, 4);
    let [done, refused, unknown, out] = records.try_into().unwrap();
    let route = |status: u16, outcome: &str| {
        json!({
            "dialect": "bimplus", "http.method": "POST", "http.route": "/v2/authorize",
            "http.version": "1.1", "http.status_code": status, "outcome": outcome,
        })
    };
    let mut expected = route(200, "done");
    expected["user.id"] = SAMPLE.into();
    assert_eq!(plain(done, &right), expected);
    assert_eq!(plain(refused, &wrong), route(401, "refused"));
    let expected = json!({
        "dialect": "bimplus", "http.method": "GET", "http.path": "/v2/nowhere/at%20all",
        "http.version": "1.1", "http.status_code": 404, "outcome": "refused",
        "user_agent": "curl/8 \"x\"",
    });
    assert_eq!(plain(unknown, &nowhere), expected);
    let expected = json!({
        "http.method": "GET", "http.path": "/outside", "http.version": "1.1",
        "http.status_code": 404, "outcome": "refused",
    });
    assert_eq!(plain(out, &outside), expected);
}

#[test]
fn a_thousand_requests_give_a_thousand_lines() {
    let mut gateway = gateway("json").start().unwrap();
    gateway.wait_until_ready().unwrap();
    let server = gateway.public();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for path in [
                    "/v2/authorize",
                    "/web/api/v3/auth/whoAmI",
                    "/a",
                    "/v2/b",
                    "/",
                ] {
                    for _ in 0..50 {
                        Request::get(path).send(server).unwrap();
                    }
                }
            });
        }
    });
    assert!(gateway.terminate().unwrap().success());
    let records = records(&gateway, 1000);
    let ids = records
        .iter()
        .map(|record| record["request_id"].to_string());
    let ids: std::collections::BTreeSet<_> = ids.collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn the_client_ip_is_the_one_that_a_trusted_proxy_reports() {
    let gateway = gateway("json")
        .config_text("[server]\ntrusted_proxies = ['127.0.0.1']")
        .start()
        .unwrap();
    let request = Request::get("/v2/authorize").header("X-Forwarded-For", "192.0.2.7, 192.0.2.8");
    request.send(gateway.public()).unwrap();
    assert_eq!(records(&gateway, 1)[0]["source"], "192.0.2.8");
}

#[test]
fn the_body_of_a_response_to_head_has_no_bytes() {
    let gateway = gateway("json").start().unwrap();
    let head = b"HEAD /v2/nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    raw_http::until_closed(&mut raw_http::send(gateway.public(), head));
    let record = &records(&gateway, 1)[0];
    assert_eq!(
        (&record["http.method"], &record["bytes"]),
        (&json!("HEAD"), &json!(0))
    );
}

fn reset(stream: TcpStream) {
    let socket = SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

#[test]
fn a_client_that_is_gone_before_the_response_is_recorded_with_499() {
    let gateway = gateway("json").env("ISOGLOSS__SERVER__WORKERS", "1");
    let gateway = gateway.start().unwrap();
    // The handler waits for the rest of the body.
    let part = b"POST /v2/authorize HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                 Content-Length: 100\r\n\r\n{\"user_id\":";
    let stream = raw_http::send(gateway.public(), part);
    // A reset discards unread data. The response to a later request shows that these bytes were read before.
    log_in(&gateway, "sample-demo");
    lines(&gateway, 1);
    reset(stream);
    let gone = &records(&gateway, 2)[1];
    let shown = ["http.status_code", "http.route", "bytes", "aborted"].map(|key| &gone[key]);
    let expected = [json!(499), json!("/v2/authorize"), json!(0), json!(true)];
    assert_eq!(
        shown,
        [&expected[0], &expected[1], &expected[2], &expected[3]]
    );
}

#[test]
fn without_the_setting_nothing_is_written() {
    let mut gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    log_in(&gateway, "sample-demo");
    assert!(gateway.terminate().unwrap().success());
    assert!(
        !gateway
            .log()
            .iter()
            .any(|line| line.contains(r#""log":"access""#))
    );
    assert!(!gateway.folder().join("access").exists());
}
