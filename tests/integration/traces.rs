//! Traces: a collector receives a span for each request, without secrets.

mod collector;

use std::net::SocketAddr;

use isogloss_testkit::{Builder, Gateway, Request};
use serde_json::json;

use crate::traces::collector::{Collector, attributes};

/// Returns a builder for a gateway that sends spans as soon as they have ended.
fn builder(collector: SocketAddr) -> Builder {
    Gateway::builder(crate::PROGRAM)
        .env(
            "ISOGLOSS__TRACING__OTLP_ENDPOINT",
            format!("http://{collector}"),
        )
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
}

fn login(user: &str, password: &str) -> Request {
    Request::post("/v2/authorize?query=marked")
        .header("Authorization", "BimPlus marked")
        .json(&json!({"user_id": user, "password": password}))
}

#[test]
fn a_span_tells_dialect_route_and_status_and_nothing_that_is_secret() {
    let collector = Collector::start();
    // Independent of the log level.
    let mut gateway = builder(collector.address())
        .env(
            "ISOGLOSS__LOGGING__LEVEL",
            "warn,isogloss_gateway::server::listener=info",
        )
        .config_text("[tracing]\nservice_name = \"front-door\"")
        .start()
        .unwrap();
    let answer = login("marked", "marked").send(gateway.public()).unwrap();
    assert_eq!(answer.status, 401);
    let id = answer.header("X-Request-Id").unwrap().to_owned();
    let (span, mut sent) = collector.until(|span| span.name == "POST /v2/authorize");
    let expected = [
        ("http.request.method", "POST"),
        ("http.route", "/v2/authorize"),
        ("http.response.status_code", "401"),
        ("isogloss.dialect", "bimplus"),
        ("isogloss.request_id", &id),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(attributes(&span), expected);
    assert_eq!(
        (span.kind, span.events.len()),
        (2, 0),
        "a server's, without events"
    );

    // More requests with marked values. The last spans are sent before the end.
    for request in [
        Request::get("/web/api/v3/auth/whoAmI?token=30-marked"),
        Request::get("/api/v1/Authentication/Login?APIKey=marked"),
        Request::new("MARKED", "/marked?marked").header("traceparent", "marked"),
        login("admin", "marked"),
    ] {
        request.send(gateway.public()).unwrap();
    }
    let answer = login("admin", "admin-demo").send(gateway.public()).unwrap();
    let token = answer.json().unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(gateway.terminate().unwrap().success());
    sent.extend(collector.so_far());
    let sent = String::from_utf8_lossy(&sent).into_owned();
    assert!(sent.contains("whoAmI") && sent.contains("front-door"));
    for secret in ["marked", "MARKED", "admin", &token] {
        assert!(!sent.contains(secret), "{secret}");
    }
}

#[test]
fn a_collector_with_an_ipv6_address_is_sent_to() {
    let collector = Collector::at("[::1]:0".parse().unwrap());
    let gateway = builder(collector.address()).start().unwrap();
    Request::get("/v2/authorize")
        .send(gateway.public())
        .unwrap();
    collector.until(|span| span.name == "GET /v2/authorize");
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_trace_is_gone_on_with_for_trusted_proxies_alone() {
    for (trusted, is_adopted) in [("[\"127.0.0.1\"]", true), ("[]", false)] {
        let collector = Collector::start();
        let gateway = builder(collector.address())
            .config_text(format!("[server]\ntrusted_proxies = {trusted}"))
            .start()
            .unwrap();
        let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let request = Request::get("/v2/authorize").header("traceparent", parent);
        request.send(gateway.public()).unwrap();
        let (span, _) = collector.until(|span| span.name == "GET /v2/authorize");
        let trace = span
            .trace_id
            .iter()
            .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        assert_eq!(trace == TRACE, is_adopted, "{trace}");
        assert_eq!(!span.parent_span_id.is_empty(), is_adopted);
    }
}

#[test]
fn a_collector_that_is_away_is_told_of_once_and_is_sent_to_when_it_is_back() {
    const AWAY: &str = "traces cannot be sent, and are lost meanwhile";

    // A port on which no process listens any more.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gateway = builder(address).start().unwrap();
    let ask = || {
        let answer = Request::get("/v2/authorize").send(gateway.public());
        assert_eq!(answer.unwrap().status, 401);
    };
    ask();
    assert!(gateway.logs(AWAY));
    for _ in 0..20 {
        ask();
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let count = gateway
        .log()
        .iter()
        .filter(|line| line.contains(AWAY))
        .count();
    assert_eq!(count, 1);
    let collector = Collector::at(address);
    ask();
    collector.until(|span| span.name == "GET /v2/authorize");
    assert!(gateway.logs("traces are sent again"));
}

#[test]
fn nothing_is_sent_of_traces_that_are_not_kept() {
    let collector = Collector::start();
    let mut gateway = builder(collector.address())
        .config_text("[tracing]\nsample_ratio = 0")
        .start()
        .unwrap();
    Request::get("/v2/authorize")
        .send(gateway.public())
        .unwrap();
    assert!(gateway.terminate().unwrap().success());
    assert_eq!(collector.so_far(), b"");
}
