//! Headers that protect browsers: in every response, whatever its outcome.

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Request, Response, roundtrip};

use crate::hostile::routes::{every_route, message};
use crate::hostile::{assert_unharmed, gateway};

const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PROTECTION: [(&str, &str); 4] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", POLICY),
];

fn values<'a>(response: &'a Response, name: &'a str) -> Vec<&'a str> {
    let headers = response.headers.iter();
    let named = headers.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

fn assert_protected(what: &str, response: &Response) {
    for (name, value) in PROTECTION {
        assert_eq!(values(response, name), [value], "{what}: {response:?}");
    }
    let cache = values(response, "Cache-Control");
    let memsources = "no-store, private, max-age=0";
    assert!(
        cache == ["no-store"] || cache == [memsources],
        "{what}: {response:?}"
    );
    for (name, count) in [
        ("X-Request-Id", 1),
        ("Server", 0),
        ("Strict-Transport-Security", 0),
    ] {
        assert_eq!(values(response, name).len(), count, "{what}: {response:?}");
    }
}

#[test]
fn every_refusal_has_its_protection() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    let large = vec![b'x'; 70_000];
    for route in every_route() {
        let head = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            large.len()
        );
        let nowhere = [route.path.as_bytes(), b"/nothing"].concat();
        for (what, message) in [
            ("bare", route.message(b"", b"", b"")),
            ("too large", route.message(b"", head.as_bytes(), &large)),
            ("a method", message("PATCH", &route.target(b""), b"", b"")),
            ("a path", message("GET", &nowhere, b"", b"")),
        ] {
            let what = format!("{what}: {} {}", route.method, route.path);
            assert_protected(&what, &roundtrip(&public, &message).unwrap());
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn every_login_has_its_protection() {
    let mut gateway = gateway();
    for dialect in dialects() {
        for (user, password) in [("admin", "admin-demo"), ("admin", "wrong"), ("nobody", "x")] {
            let login = dialect.login(gateway.public(), user, password).unwrap();
            assert_protected(dialect.name, &login.0);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn what_belongs_to_no_dialect_has_its_protection() {
    let mut gateway = gateway();
    for path in ["/", "/nothing", "/v22/authorize", "/favicon.ico"] {
        let answer = Request::get(path).send(gateway.public()).unwrap();
        assert_protected(path, &answer);
    }
    assert_unharmed(&mut gateway);
}
