//! Promises of the proxy configurations besides identities: logs without queries, client addresses that cannot be
//! forged, and upgrades to a `WebSocket`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Request, Store};

use crate::proxies::proxy::{Kind, LOGIN_HOST, Recipe};
use crate::proxies::{Scene, call};

/// Used in queries in place of passwords and tokens.
const SECRET: &str = "5ECRET-of-a-query";

#[test]
fn no_log_of_a_proxy_has_the_query_of_a_request() {
    for recipe in Recipe::all() {
        let mut scene = Scene::new(recipe, "crmcom", Store::Memory);
        let token = scene.log_in("crmcom", "linguist");
        let secret = |path: &str| {
            Request::get(format!("{path}?token={token}&password={SECRET}")).header(
                "Referer",
                format!("https://{}/?password={SECRET}", recipe.host()),
            )
        };
        let login = |path: &str| secret(path).header("Host", LOGIN_HOST);
        login("/crmapi/rest/v2/seen-1")
            .send(scene.proxy.address)
            .unwrap();
        assert_eq!(scene.call(secret("/app/seen-2")).status, 200, "{recipe:?}");
        let refused = Request::get(format!("/app/seen-3?token={SECRET}"));
        scene.call(refused);
        // An unreachable gateway is an error, which goes to another log.
        scene.gateway.kill().unwrap();
        scene.call(secret("/app/seen-4"));
        login("/crmapi/rest/v2/seen-5")
            .send(scene.proxy.address)
            .unwrap();
        let has_all = || (1..=5).all(|n| scene.proxy.logs().contains(&format!("/seen-{n}")));
        let what = format!("the paths in the log of {recipe:?}");
        wait_until(&what, has_all).unwrap();
        let logs = scene.proxy.logs();
        assert!(!logs.contains(SECRET), "{recipe:?}: {logs}");
        assert!(!logs.contains(&token), "{recipe:?}: {logs}");
    }
}

#[test]
fn no_client_says_by_itself_where_a_call_comes_from() {
    for recipe in Recipe::all() {
        let scene = Scene::new(recipe, "memsource", Store::Memory);
        let token = scene.log_in("memsource", "linguist");
        for header in ["X-Forwarded-For", "X-Real-Ip", "Forwarded"] {
            let value = if header == "Forwarded" {
                "for=203.0.113.7"
            } else {
                "203.0.113.7"
            };
            let call = call("memsource", &token).header(header, value);
            assert_eq!(scene.call(call).status, 200, "{recipe:?}");
        }
        let usage = || {
            let report = Request::get("/admin/usage?dialect=memsource")
                .header("Authorization", "Bearer demo-admin-key")
                .send(scene.gateway.management());
            report.unwrap().json().unwrap()
        };
        // The login, the three calls, and the request with which the test found the proxy listening, about which
        // Apache does not ask the gateway.
        let count = if recipe.kind == Kind::Apache { 4 } else { 5 };
        let are_counted = || usage()["dialects"][0]["calls"].as_u64() >= Some(count);
        wait_until(&format!("calls through {recipe:?}"), are_counted).unwrap();
        let usage = usage().to_string();
        assert!(!usage.contains("203.0.113"), "{recipe:?}: {usage}");
    }
}

/// Requests an upgrade. Returns the head of the response and, if it succeeds, the echo.
fn upgraded(scene: &Scene, protocol: &str, authorization: &str) -> String {
    let mut stream = TcpStream::connect(scene.proxy.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let host = scene.recipe.host();
    let head = format!(
        "GET /app/socket HTTP/1.1\r\nHost: {host}\r\n{authorization}Connection: Upgrade\r\n\
         Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        answer.extend(byte);
    }
    let mut answer = String::from_utf8(answer).unwrap();
    if answer.starts_with("HTTP/1.1 101 ") {
        stream.write_all(b"ping").unwrap();
        let mut echo = [0; 4];
        stream.read_exact(&mut echo).unwrap();
        answer.push_str(&String::from_utf8_lossy(&echo));
    }
    answer
}

#[test]
fn a_websocket_is_passed_on_to_the_service_and_no_other_upgrade_is() {
    for recipe in Recipe::all() {
        let scene = Scene::new(recipe, "memsource", Store::Memory);
        let token = scene.log_in("memsource", "linguist");
        let authorization = format!("Authorization: ApiToken {token}\r\n");
        let granted = upgraded(&scene, "websocket", &authorization);
        assert!(
            granted.starts_with("HTTP/1.1 101 "),
            "{recipe:?}: {granted}"
        );
        assert!(granted.ends_with("ping"), "{recipe:?}: {granted}");
        let received = scene.service.received();
        assert_eq!(received.len(), 1, "{recipe:?}: {received:?}");
        assert_eq!(received[0].all("X-Isogloss-User-Name"), ["linguist"]);
        let refused = upgraded(&scene, "websocket", "");
        assert!(
            refused.starts_with("HTTP/1.1 401 "),
            "{recipe:?}: {refused}"
        );
        assert!(scene.service.received().is_empty(), "{recipe:?}");
        let other = upgraded(&scene, "h2c", &authorization);
        assert!(!other.starts_with("HTTP/1.1 101 "), "{recipe:?}: {other}");
        for head in scene.service.received() {
            assert!(head.all("Upgrade").is_empty(), "{recipe:?}: {head:?}");
        }
    }
}
