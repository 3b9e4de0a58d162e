//! Wrong API keys are counted by their source, and right ones cost nothing.

use super::*;

fn call(key: &str) -> Request {
    Request::get(format!(
        "/api/v1/Users/Me?APIKey={key}&APIToken={}",
        "0".repeat(32)
    ))
}

fn three_tries() -> Gateway {
    let gateway = gateway("key_tries = 3").config_text(BEHIND_A_PROXY);
    gateway.start().unwrap()
}

const NO_SESSION: &str = "Authorization has been denied for this request.";

#[test]
fn wrong_api_keys_of_one_source_hold_up_no_other() {
    let gateway = three_tries();
    let ask = |key: &str, address: &str| {
        forwarded(call(key), address)
            .send(gateway.public())
            .unwrap()
    };
    assert!(ask("demo-api-key", "192.0.2.1").text().contains(NO_SESSION));
    for address in ["192.0.2.1", "198.51.100.1"] {
        for number in 0..3 {
            assert_eq!(ask(&format!("key-{number}"), address).status, 401);
        }
        assert!(is_throttled(&ask("key-3", address)));
        // Repeating a key is not a new guess.
        assert_eq!(ask("key-1", address).status, 401);
    }
    // At this address the key was known before the guesses.
    assert!(ask("demo-api-key", "192.0.2.1").text().contains(NO_SESSION));
    assert!(is_throttled(&ask("demo-api-key", "198.51.100.1")));
    assert!(ask("demo-api-key", "192.0.2.2").text().contains(NO_SESSION));
}

#[test]
fn wrong_api_keys_are_counted_by_client_at_forward_auth() {
    let gateway = three_tries();
    let ask = |key: &str, address: &str| {
        let uri = format!("/x?APIKey={key}&APIToken={}", "0".repeat(32));
        let asked = Request::get("/forward-auth/tokenlogin").header("X-Forwarded-Uri", uri);
        forwarded(asked, address)
            .send(gateway.management())
            .unwrap()
    };
    for number in 0..3 {
        assert_eq!(ask(&format!("key-{number}"), "198.51.100.1").status, 401);
    }
    assert!(is_throttled(&ask("key-3", "198.51.100.1")));
    assert!(ask("demo-api-key", "192.0.2.1").text().contains(NO_SESSION));
}

#[test]
fn wrong_keys_of_the_management_listener_have_a_budget() {
    for (path, right) in [
        ("/introspect", "demo-introspection-key"),
        ("/admin/throttle", "demo-admin-key"),
    ] {
        let gateway = gateway("key_tries = 3").start().unwrap();
        let ask = |key: &str| {
            let request = match path {
                "/introspect" => Request::post(path).form("token=x"),
                _ => Request::get(path),
            };
            let request = request.header("Authorization", format!("Bearer {key}"));
            request.send(gateway.management()).unwrap()
        };
        for _ in 0..20 {
            assert_eq!(ask(right).status, 200, "{path}");
        }
        assert_eq!(throttled(&gateway), 0);
        for number in 0..3 {
            assert_eq!(ask(&format!("key-{number}")).status, 401, "{path}");
        }
        let locked = ask("key-3");
        assert!(is_throttled(&locked), "{path}: {}", locked.status);
        assert_eq!(ask(right).status, 200, "{path}");
    }
}

#[test]
fn wrong_web_api_keys_are_refused_as_ever_and_counted() {
    let gateway = gateway("key_tries = 3").start().unwrap();
    let ask = |key: &str| {
        let credentials = data_encoding::BASE64.encode(format!("{key}:").as_bytes());
        let path = "/crmapi/rest/v2/authentication/web_api_key/token";
        let request = Request::post(path).json(&json!({}));
        let request = request.header("Authorization", format!("Basic {credentials}"));
        request.send(gateway.public()).unwrap().text()
    };
    let wrong = ask("key-0");
    for number in 1..10 {
        assert_eq!(ask(&format!("key-{number}")), wrong);
    }
    assert_eq!(throttled(&gateway), 7);
    assert_eq!(ask("demo-web-api-key"), wrong);
}
