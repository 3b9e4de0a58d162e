//! Audit events of administrators at the management listener.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use crate::audit::events::of;
use crate::audit::{gateway, log_in};

fn ask(gateway: &Gateway, method: &str, key: &str, target: &str) -> u16 {
    let request = Request::new(method, target).header("Authorization", format!("Bearer {key}"));
    request.send(gateway.management()).unwrap().status
}

#[test]
fn what_an_administrator_does_is_recorded_with_the_label_of_the_key() {
    let settings = "[throttle]\nsource_refill = '1day'\nnetwork_refill = '1day'";
    let gateway = gateway().config_text(settings).start().unwrap();
    log_in(&gateway, "sample", "sample-demo");
    log_in(&gateway, "sample", "wrong");
    for (method, key, target, status) in [
        ("DELETE", "demo-admin-key", "sessions?user=sample", 200),
        ("DELETE", "demo-admin-key", "throttle?source=127.0.0.1", 200),
        ("DELETE", "a-wrong-key", "sessions?all=true", 401),
        // Reading is not recorded.
        ("GET", "demo-admin-key", "sessions", 200),
        ("GET", "demo-admin-key", "throttle", 200),
    ] {
        let target = format!("/admin/{target}");
        assert_eq!(ask(&gateway, method, key, &target), status, "{target}");
    }
    let events = of(&gateway, 6);
    let sample = &events[0]["user"];
    let seen: Vec<_> = events[3..].iter().map(without_time).collect();
    let ended = json!({
        "event": "end_sessions", "outcome": "done", "user": sample, "count": 1,
        "source": "127.0.0.1", "actor": "key demo",
    });
    let cleared = json!({
        "event": "clear_throttle", "outcome": "done", "target": "127.0.0.1", "count": 2,
        "source": "127.0.0.1", "actor": "key demo",
    });
    let refused = json!({
        "event": "admin", "outcome": "refused", "reason": "credentials", "source": "127.0.0.1",
    });
    assert_eq!(seen, [ended, cleared, refused]);
}

fn without_time(event: &Value) -> Value {
    let mut event = event.clone();
    event.as_object_mut().unwrap().remove("time");
    event
}
