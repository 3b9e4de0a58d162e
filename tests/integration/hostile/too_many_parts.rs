//! Very many keys, parameters, headers and path segments take a bounded amount of work.

use std::fmt::Write as _;

use isogloss_testkit::roundtrip;

use crate::hostile::routes::{Body, ROUTES, Route, message};
use crate::hostile::{assert_unharmed, gateway};

/// As much as the default limit of a body allows, and more than the limit of a URL.
const MOST: usize = 60_000;

/// Returns different names, as many as fit into [`MOST`] bytes.
fn names(each: impl Fn(usize) -> String) -> String {
    let mut names = String::new();
    for number in 0.. {
        let next = each(number);
        if names.len() + next.len() > MOST {
            break;
        }
        names.push_str(&next);
    }
    names
}

/// Returns keys with a common beginning, and keys with the same Java `hashCode`.
fn keys() -> [(&'static str, String); 2] {
    let alike = |number: usize| {
        let mut key = String::new();
        for bit in 0..14 {
            key.push_str(if number >> bit & 1 == 0 { "Aa" } else { "BB" });
        }
        key
    };
    [
        ("numbered", names(|number| format!("\"k{number}\":0,"))),
        (
            "colliding",
            names(|number| format!("\"{}\":0,", alike(number))),
        ),
    ]
}

/// Checks the response to a request that contains nothing known to the route.
fn assert_refused(route: &Route, what: &str, message: &[u8], public: &str) {
    let statuses: &[u16] = match (route.dialect, route.body) {
        ("crmcom", _) => &[200],
        (_, Body::Read | Body::JsonOnly) => &[400, 401],
        (_, Body::Ignored) => &[route.bare],
    };
    let response = roundtrip(public, message);
    route.assert_refused_with(what, statuses, &response);
}

#[test]
fn thousands_of_members_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter().filter(|route| !route.takes_any_name()) {
        for (what, keys) in keys() {
            let body = format!("{{{keys}\"last\":0}}");
            let head = format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            );
            let message = route.message(b"", head.as_bytes(), body.as_bytes());
            assert_refused(route, what, &message, &public);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn thousands_of_parameters_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    let query = names(|number| format!("k{number}=v&"));
    for route in ROUTES.iter() {
        let message = route.message(query.as_bytes(), b"", b"");
        assert_refused(route, "parameters", &message, &public);
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn as_many_headers_as_are_read_do_not_matter_and_more_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        // With `Host` and `Connection` these are 96, the maximum of actix-http.
        let mut head = String::new();
        for number in 0..94 {
            write!(head, "X-{number}: {}\r\n", "y".repeat(600)).unwrap();
        }
        let message = |head: &str| route.message(b"", head.as_bytes(), b"");
        assert_refused(route, "96 headers", &message(&head), &public);
        head.push_str("X: y\r\n");
        let response = roundtrip(&public, &message(&head)).unwrap();
        assert_eq!((response.status, response.text().as_str()), (431, ""));
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn a_path_of_60_kib_is_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        let nowhere = route.by("GET");
        for path in [
            format!("{}/{}", route.path, "a".repeat(MOST)),
            format!("{}/{}", route.path, "%2e%2e/".repeat(MOST / 7)),
            format!("{}/{}", route.path, "/".repeat(MOST)) + "a",
        ] {
            let response = roundtrip(&public, &message("GET", path.as_bytes(), b"", b""));
            nowhere.assert_refused_with(&format!("{path:.60}"), &[404], &response);
        }
    }
    assert_unharmed(&mut gateway);
}
