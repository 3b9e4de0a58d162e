//! Methods that a route does not have, and paths that a dialect does not have.

use isogloss_testkit::roundtrip;

use crate::hostile::routes::{ROUTES, every_route, message};
use crate::hostile::{assert_unharmed, gateway};

const METHODS: [&str; 12] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "FOO", "get", "PROPFIND",
    "X-Y_Z",
];

fn is_there(method: &str, path: &str) -> bool {
    every_route().any(|route| route.method == method && route.path == path)
}

#[test]
fn other_methods_are_405_and_say_which_are_allowed() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in every_route() {
        for method in METHODS
            .into_iter()
            .filter(|method| !is_there(method, route.path))
        {
            let head = b"Content-Type: application/json\r\nContent-Length: 2\r\n";
            for message in [
                message(method, &route.target(b""), b"", b""),
                message(method, &route.target(b""), head, b"{}"),
            ] {
                let response = roundtrip(&public, &message);
                let allowed = response
                    .as_ref()
                    .unwrap()
                    .header("Allow")
                    .unwrap_or_default();
                let mut allowed: Vec<_> = allowed.split(", ").collect();
                allowed.sort_unstable();
                let mut expected: Vec<_> = METHODS
                    .into_iter()
                    .filter(|method| is_there(method, route.path))
                    .collect();
                expected.sort_unstable();
                assert_eq!(allowed, expected, "{method} {}", route.path);
                if method == "HEAD" {
                    assert_eq!(response.unwrap().status, 405);
                } else {
                    route.assert_refused_with(method, &[405], &response);
                }
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn other_paths_below_a_mount_are_404() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        let parent = route.path.rsplit_once('/').unwrap().0;
        let mount = route.dialect().mount;
        for path in [
            mount.to_owned(),
            format!("{mount}/"),
            format!("{mount}/nothing"),
            format!("{mount}/.."),
            format!("{mount}/%2e%2e/%2e%2e"),
            format!("{mount}/nothing?APIKey=demo-api-key"),
            format!("{parent}/nothing/%00%0d%0a"),
            format!("{parent}/%ff%fe"),
            format!("{parent}/%zz%"),
            format!("{}x", route.path),
            format!("{}/x", route.path),
            format!("{}%20", route.path),
            format!("{}%2f", route.path),
            format!("{mount}/{}", "a/".repeat(5000)),
            format!("{mount}/{}", "%61".repeat(10_000)),
        ] {
            for method in METHODS {
                let response = roundtrip(&public, &message(method, path.as_bytes(), b"", b""));
                if method == "HEAD" {
                    assert_eq!(response.unwrap().status, 404, "{path:.99}");
                } else {
                    let nowhere = route.by(method);
                    nowhere.assert_refused_with(&format!("{path:.99}"), &[404], &response);
                }
            }
        }
    }
    assert_unharmed(&mut gateway);
}
