//! Peers that send a client address although they are not listed as proxies.

use isogloss_testkit::{Gateway, Request};
use serde_json::Value;

const TEXT: &str =
    "a peer that is not in server.trusted_proxies sends X-Forwarded-For or Forwarded";

fn warnings(gateway: &Gateway) -> Vec<Value> {
    let log = gateway.log().into_iter().filter(|line| line.contains(TEXT));
    log.map(|line| serde_json::from_str::<Value>(&line).unwrap()["fields"].clone())
        .collect()
}

fn start(config: &str) -> Gateway {
    let builder = Gateway::builder(crate::PROGRAM);
    let gateway = builder.config_text(config).start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

fn ask(gateway: &Gateway, header: &str, value: &str) {
    let ask = Request::get("/v2/authorize").header(header, value);
    assert_eq!(ask.send(gateway.public()).unwrap().status, 401);
}

#[test]
fn a_peer_that_is_not_listed_is_warned_of_once() {
    let gateway = start("");
    ask(&gateway, "Accept", "*/*");
    assert_eq!(warnings(&gateway), Vec::<Value>::new());
    for number in 0..50 {
        ask(&gateway, "X-Forwarded-For", &format!("198.51.100.{number}"));
        ask(&gateway, "Forwarded", &format!("for=198.51.100.{number}"));
    }
    assert!(gateway.logs(TEXT));
    let warnings = warnings(&gateway);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["peer"], "127.0.0.1");
    assert_eq!(warnings[0]["network"], "127.0.0.0/24");
    assert_eq!(warnings[0]["header"], "x-forwarded-for");
    assert!(!gateway.log().join("\n").contains("198.51.100."));
}

#[test]
fn a_listed_proxy_is_not_warned_of() {
    let gateway = start("[server]\ntrusted_proxies = [\"127.0.0.1\"]");
    ask(&gateway, "X-Forwarded-For", "198.51.100.1");
    // The gateway logs in the order of its responses.
    gateway.hang_up().unwrap();
    assert!(gateway.logs("the configuration is reloaded"));
    assert_eq!(warnings(&gateway), Vec::<Value>::new());
}
