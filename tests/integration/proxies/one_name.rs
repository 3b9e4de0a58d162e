//! Gateway and service under one host name: which calls reach which of them, and with what.

use std::iter;

use isogloss_testkit::dialects::{Dialect, dialect, dialects};
use isogloss_testkit::{Request, Response, Store, roundtrip};

use crate::proxies::proxy::{HostNames, Kind, LOGIN_HOST, Recipe};
use crate::proxies::{Scene, call_to, only};

/// Returns a gateway and a service under one host name.
pub(super) fn scene(kind: Kind, dialect: &'static str) -> Scene {
    let names = HostNames::One;
    Scene::new(Recipe { kind, names }, dialect, Store::Memory)
}

/// Returns every proxy with every dialect.
fn all() -> impl Iterator<Item = (Kind, &'static Dialect)> {
    let with_dialects = |kind| iter::repeat(kind).zip(dialects());
    Kind::ONE_NAME.into_iter().flat_map(with_dialects)
}

/// Returns a path below the mount of the dialect that the gateway does not have.
fn listing(dialect: &Dialect) -> String {
    format!("{}/projects", dialect.mount)
}

#[test]
fn a_login_a_listing_call_and_a_write_go_through_one_name() {
    for (kind, dialect) in all() {
        let scene = scene(kind, dialect.name);
        let token = scene.log_in(dialect.name, "linguist");
        let path = listing(dialect);
        for (method, body) in [("GET", ""), ("POST", "{\"name\": \"a\"}"), ("DELETE", "")] {
            let call = call_to((method, &path), dialect.name, &token);
            let call = call.header("Content-Type", "application/json").body(body);
            let answer = scene.call(call);
            let what = format!("{method} through {kind:?}, {}", dialect.name);
            assert_eq!(answer.text(), "service", "{what}");
            let received = scene.service.received();
            let request = only(&received);
            assert!(
                request.line.starts_with(&format!("{method} {path}")),
                "{what}: {request:?}"
            );
            assert_eq!(request.all("X-Isogloss-User-Name"), ["linguist"], "{what}");
            assert_eq!(request.all("X-Isogloss-Dialect"), [dialect.name], "{what}");
            assert_eq!(request.all("Content-Type"), ["application/json"], "{what}");
            assert_eq!(String::from_utf8_lossy(&request.body), body, "{what}");
        }
    }
}

#[test]
fn a_wrong_password_is_refused_by_the_gateway_itself() {
    for (kind, dialect) in all() {
        let scene = scene(kind, dialect.name);
        let login = dialect.request("linguist", "wrong");
        let direct = login.send(scene.gateway.public()).unwrap();
        let answer = scene.call(login);
        let seen = |answer: &Response| (answer.status, answer.text());
        assert_eq!(seen(&answer), seen(&direct), "{kind:?} {}", dialect.name);
        assert!(scene.service.received().is_empty());
    }
}

#[test]
fn a_call_without_a_token_is_refused() {
    for (kind, dialect) in all() {
        let scene = scene(kind, dialect.name);
        for path in ["/elsewhere", &listing(dialect)] {
            for method in ["GET", "POST", "PUT"] {
                let answer = scene.call(Request::new(method, path).body("a"));
                let what = format!("{method} {path} through {kind:?}, {}", dialect.name);
                // nginx requests the error response, with the status that clients of this dialect read.
                let is_envelope = (kind, dialect.name) == (Kind::Nginx, "crmcom");
                assert_eq!(answer.status, if is_envelope { 200 } else { 401 }, "{what}");
                assert!(!answer.text().is_empty(), "{what}");
                assert!(scene.service.received().is_empty(), "{what}");
            }
        }
    }
}

/// Returns a write with a chunked body.
fn chunked(path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "POST {path} HTTP/1.1\r\nHost: {LOGIN_HOST}\r\nAuthorization: ApiToken {token}\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    .into_bytes();
    for chunk in body.chunks(7_000) {
        message.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        message.extend(chunk);
        message.extend(b"\r\n");
    }
    message.extend(b"0\r\n\r\n");
    message
}

#[test]
fn large_and_chunked_bodies_arrive_unchanged() {
    for kind in Kind::ONE_NAME {
        let scene = scene(kind, "memsource");
        let token = scene.log_in("memsource", "linguist");
        let path = listing(&dialect("memsource"));
        // Below the gateway's limit, above it, and more than nginx sends to it.
        for size in [60_000, 90_000, 3_000_000] {
            let body: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
            let whole = call_to(("POST", &path), "memsource", &token).body(body.clone());
            for message in [whole.message(LOGIN_HOST), chunked(&path, &token, &body)] {
                let answer = roundtrip(&scene.proxy.address.to_string(), &message);
                assert_eq!(answer.unwrap().text(), "service", "{kind:?}, {size} bytes");
                let received = scene.service.received();
                assert!(only(&received).body == body, "{kind:?}, {size} bytes");
            }
        }
    }
}

#[test]
fn paths_and_queries_arrive_as_sent() {
    const SENT: &str = "/web/a%2Fb;c//d/../e%20f?x=/../&y=%41+b";

    for kind in Kind::ONE_NAME {
        let scene = scene(kind, "memsource");
        let token = scene.log_in("memsource", "linguist");
        scene.call(call_to(("GET", SENT), "memsource", &token));
        let received = scene.service.received();
        let arrived = if kind == Kind::Traefik {
            // Its `sanitizePath` is on by default.
            "/web/a%2Fb;c/e%20f?x=/../&y=%41+b"
        } else {
            SENT
        };
        assert_eq!(only(&received).line, format!("GET {arrived} HTTP/1.1"));
    }
}

#[test]
fn a_client_that_hides_the_status_reaches_the_service_and_the_gateway() {
    for kind in Kind::ONE_NAME {
        let scene = scene(kind, "tokenlogin");
        let token = scene.log_in("tokenlogin", "linguist");
        let hidden = |path: &str, token: &str| {
            let query = "suppressResponseCodes=true&APIKey=demo-api-key&APIToken=";
            scene.call(Request::get(format!("/api/v1/{path}?{query}{token}")))
        };
        let answer = hidden("Projects", &token);
        assert_eq!(answer.text(), "service", "{kind:?}");
        assert_eq!(scene.service.received().len(), 1, "{kind:?}");
        let own = hidden("users/ME", &token).text();
        assert!(own.contains("linguist"), "{kind:?}: {own}");
        hidden("Projects", "35eb2b5e94b54d5aafa6b6a7b6e8de01");
        assert!(scene.service.received().is_empty(), "{kind:?}");
    }
}

#[test]
fn a_page_of_another_origin_gets_the_response_to_its_preflight_from_the_gateway() {
    for kind in Kind::ONE_NAME {
        let scene = scene(kind, "bimplus");
        for path in ["/v2/authorize", "/v2/projects"] {
            let preflight = Request::new("OPTIONS", path)
                .header("Origin", "https://page.example.com")
                .header("Access-Control-Request-Method", "GET");
            let answer = scene.call(preflight);
            assert_eq!(answer.status, 204, "{kind:?} {path}");
            assert!(answer.header("Access-Control-Allow-Methods").is_some());
            assert!(scene.service.received().is_empty(), "{kind:?} {path}");
        }
    }
}

#[test]
fn without_a_gateway_no_call_reaches_the_service() {
    for kind in Kind::ONE_NAME {
        let mut scene = scene(kind, "memsource");
        let token = scene.log_in("memsource", "linguist");
        let path = listing(&dialect("memsource"));
        scene.gateway.kill().unwrap();
        let login = dialect("memsource").request("linguist", "linguist-demo");
        let calls = ["GET", "POST"].map(|method| call_to((method, &path), "memsource", &token));
        let large = calls[1].clone().body(vec![b'a'; 200_000]);
        for call in calls.into_iter().chain([login, large]) {
            let status = scene.call(call).status;
            // Traefik responds with 500 if it cannot reach the gateway for a check.
            let is_unavailable = [502, 503].contains(&status);
            let is_traefik = (kind, status) == (Kind::Traefik, 500);
            assert!(is_unavailable || is_traefik, "{kind:?}: {status}");
            assert!(scene.service.received().is_empty(), "{kind:?}");
        }
    }
}
