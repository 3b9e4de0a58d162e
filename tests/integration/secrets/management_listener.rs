//! Responses of the management listener, with right and wrong keys.

use isogloss_testkit::{Gateway, Request, Response};

use crate::marked_secrets::{ADMIN_KEY, API_KEY, LOSER};

/// Pepper of the gateway whose whole output is searched.
pub(crate) const PEPPER: &str = "Rn6PepperOfOursTk2";
/// API key of the demo's services.
const INTROSPECTION_KEY: &str = "demo-introspection-key";
/// A key that does not exist.
pub(crate) const WRONG_ADMIN_KEY: &str = "Ey9WrongKeyUc5";

/// Returns responses to requests of services and proxies about these tokens.
pub(crate) fn asked_by_services(
    gateway: &Gateway,
    tokens: &[String],
) -> Vec<(&'static str, Response)> {
    let mut answers = Vec::new();
    for token in tokens {
        for key in [INTROSPECTION_KEY, WRONG_ADMIN_KEY] {
            let ask = |path: &'static str, form: String| {
                let request = Request::post(path).header("Authorization", format!("Bearer {key}"));
                (path, request.form(form).send(gateway.management()).unwrap())
            };
            answers.push(ask("/introspect", format!("token={token}")));
            answers.push(ask("/introspect", format!("token={token}&dialect={token}")));
            let exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
            answers.push(ask(
                "/token",
                format!("{exchange}&subject_token={token}&subject_token_type={token}"),
            ));
        }
        for path in [
            "/forward-auth",
            "/forward-auth/bimplus",
            "/forward-auth/tokenlogin",
            "/forward-auth/refusal/memsource",
        ] {
            let request = Request::get(path)
                .header(
                    "X-Forwarded-Uri",
                    format!("/a?token={token}&APIToken={token}&APIKey={API_KEY}"),
                )
                .header("Authorization", format!("BimPlus {token}"));
            answers.push((path, request.send(gateway.management()).unwrap()));
        }
    }
    answers
}

/// Requests everything that the listener serves, with each key, and returns the responses.
pub(crate) fn answers(gateway: &Gateway) -> Vec<(&'static str, Response)> {
    let paths = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/admin/sessions",
        "/admin/sessions?limit=x",
        "/admin/throttle",
        "/nothing",
    ];
    let right = format!("Bearer {ADMIN_KEY}");
    let mut answers = Vec::new();
    for authorization in [
        right.as_str(),
        &format!("Bearer {WRONG_ADMIN_KEY}"),
        &format!("Bearer {API_KEY}"),
        &format!("Basic {WRONG_ADMIN_KEY}"),
    ] {
        for path in paths {
            let request = Request::get(path).header("Authorization", authorization);
            let answer = request.send(gateway.management()).unwrap();
            let known = authorization == right || !path.starts_with("/admin");
            // Invalid requests are refused before the key is checked.
            let refused = matches!(answer.status, 400 | 401);
            assert!(known || refused, "{path}: {answer:?}");
            assert!(!known || answer.status != 401, "{path}: {answer:?}");
            answers.push((path, answer));
        }
    }
    // Empty lists would prove nothing.
    for list in ["/admin/sessions", "/admin/throttle"] {
        let listed = answers.iter().find(|(path, _)| *path == list);
        let length = listed.map_or(0, |(_, answer)| answer.body.len());
        assert!(length > 100, "{list}");
    }
    let name = format!("/admin/throttle?user={LOSER}");
    let strained = Request::get(name).header("Authorization", right);
    assert_eq!(strained.send(gateway.management()).unwrap().status, 200);
    answers
}
