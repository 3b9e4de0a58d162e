//! The management listener has the same protection.

use isogloss_testkit::Request;

use crate::hardening::impatient;

#[test]
fn every_answer_of_the_management_listener_is_protected() {
    let gateway = impatient().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let key = "Bearer demo-admin-key";
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/admin/sessions", 200),
        ("/admin/throttle", 200),
        ("/admin/sessions?limit=x", 400),
        ("/nothing", 404),
    ] {
        let request = Request::get(path).header("Authorization", key);
        let answer = request.send(gateway.management()).unwrap();
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        for (name, value) in [
            ("X-Content-Type-Options", Some("nosniff")),
            ("Referrer-Policy", Some("no-referrer")),
            ("X-Frame-Options", Some("DENY")),
            ("Cache-Control", Some("no-store")),
            ("Server", None),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}: {answer:?}");
        }
    }
    let refused = Request::get("/admin/sessions").send(gateway.management());
    let refused = refused.unwrap();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("Cache-Control"), Some("no-store"));
}

#[test]
fn hsts_is_said_if_it_is_set_and_to_the_public_only() {
    let gateway = impatient()
        .env("ISOGLOSS__SERVER__HSTS", "365days")
        .start()
        .unwrap();
    let name = "Strict-Transport-Security";
    for path in ["/v2/hello", "/v2/authorize", "/nothing"] {
        let answer = Request::get(path).send(gateway.public()).unwrap();
        assert_eq!(answer.header(name), Some("max-age=31536000"), "{path}");
    }
    let inner = Request::get("/healthz").send(gateway.management()).unwrap();
    assert_eq!(inner.header(name), None);
}

#[test]
fn a_browser_of_another_origin_still_calls_bimplus() {
    let gateway = impatient().start().unwrap();
    let preflight = Request::new("OPTIONS", "/v2/authorize")
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "POST");
    let answer = preflight.send(gateway.public()).unwrap();
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(answer.header("Access-Control-Max-Age"), Some("600"));
}

#[test]
fn the_client_that_minds_case_finds_its_headers() {
    let gateway = impatient().start().unwrap();
    let answer = Request::get("/web/api/v3/auth/whoAmI").send(gateway.public());
    let answer = answer.unwrap();
    for name in ["Content-Type", "X-Content-Type-Options", "Cache-Control"] {
        let exact = answer.headers.iter().any(|(other, _)| other == name);
        assert!(exact, "{name}: {answer:?}");
    }
}
