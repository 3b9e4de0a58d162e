//! Routes of the management listener have names.

use isogloss_testkit::Request;

use crate::metrics::{metrics, start, total};

#[test]
fn forward_auth_is_counted_by_dialect_and_route() {
    let gateway = start();
    let ask = |path: &str, name: &str, value: &str| {
        let request = Request::get(path).header(name, value);
        request.send(gateway.management()).unwrap();
    };
    let dialects = ["bimplus", "crmcom", "tokenlogin", "memsource"];
    for dialect in dialects {
        for path in [
            "/forward-auth",
            "/forward-auth/refusal",
            "/forward-auth/envoy",
        ] {
            ask(&format!("{path}/{dialect}"), "X-Forwarded-Uri", "/v2/x");
        }
    }
    let token = format!("Bearer {}", "0".repeat(32));
    ask("/forward-auth", "Authorization", &token);
    ask("/forward-auth", "X-Forwarded-Uri", "/");
    let metrics = metrics(&gateway);
    for dialect in dialects {
        for path in [
            "/forward-auth",
            "/forward-auth/refusal",
            "/forward-auth/envoy",
        ] {
            let route = format!("{path}/{dialect}");
            let labels = [("dialect", dialect), ("route", &*route)];
            assert_eq!(total(&metrics, &labels), Some(1.0), "{route}");
        }
    }
    let unnamed = [("dialect", ""), ("route", "/forward-auth")];
    assert_eq!(total(&metrics, &unnamed), Some(1.0));
    assert_eq!(total(&metrics, &[("route", "unmatched")]), None);
}

#[test]
fn every_documented_route_of_the_management_listener_has_its_name() {
    let gateway = start();
    let document = Request::get("/openapi.json").send(gateway.management());
    let document = document.unwrap().json().unwrap();
    for path in document["paths"].as_object().unwrap().keys() {
        let path = path.replace("{dialect}", "bimplus");
        for method in ["GET", "POST", "BREW", "OPTIONS"] {
            Request::new(method, &*path)
                .send(gateway.management())
                .unwrap();
        }
    }
    assert_eq!(total(&metrics(&gateway), &[("route", "unmatched")]), None);
}
