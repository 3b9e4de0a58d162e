//! The metadata and the keys of JWTs on the public listener.

use isogloss_testkit::{Gateway, Request, Response};

use crate::introspection::{builder, gateway, jwt, part, token};

const PATHS: [&str; 3] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
];

fn public(issuer: &str) -> Gateway {
    let config = format!(
        "[management]\nurl = \"http://login.internal:8081\"\n\
         [introspection]\npublic_metadata = true\n[jwt]\nissuer = \"{issuer}\"\n"
    );
    builder().config_text(config).start().unwrap()
}

fn ask(gateway: &Gateway, method: &str, path: &str) -> Response {
    let request = Request::new(method, path);
    request.send(gateway.public()).unwrap()
}

#[test]
fn by_default_the_public_listener_has_no_metadata_and_no_keys() {
    let gateway = gateway();
    for path in PATHS {
        assert_eq!(ask(&gateway, "GET", path).status, 404, "{path}");
    }
}

#[test]
fn public_metadata_lead_to_the_keys_below_the_issuer_and_to_the_services_endpoints() {
    let gateway = public("https://login.example.com");
    for path in &PATHS[..2] {
        let answer = ask(&gateway, "GET", path);
        let metadata = answer.json().unwrap();
        assert_eq!(metadata["issuer"], "https://login.example.com");
        assert_eq!(
            metadata["jwks_uri"],
            "https://login.example.com/.well-known/jwks.json"
        );
        assert_eq!(
            metadata["introspection_endpoint"],
            "http://login.internal:8081/introspect"
        );
        // The management listener says the same.
        let inner = Request::get(*path).send(gateway.management()).unwrap();
        assert_eq!(inner.json().unwrap(), metadata);
    }
    let keys = ask(&gateway, "GET", "/.well-known/jwks.json")
        .json()
        .unwrap();
    let signed = part(&jwt(&gateway, &token(&gateway, "bimplus"), &[]), 0);
    let keys = keys["keys"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["kid"] == signed["kid"]));
    for path in PATHS {
        let head = ask(&gateway, "HEAD", path);
        assert_eq!((head.status, head.text().as_str()), (200, ""), "{path}");
        assert_eq!(ask(&gateway, "POST", path).status, 405, "{path}");
        let cached = head.header("Cache-Control");
        assert_eq!(cached, Some("public, max-age=300"), "{path}");
    }
    // Nothing else of the management listener is public.
    for path in ["/introspect", "/token", "/authorize", "/healthz"] {
        assert_eq!(ask(&gateway, "GET", path).status, 404, "{path}");
    }
}

#[test]
fn an_issuer_with_a_path_has_its_metadata_there() {
    let gateway = public("https://example.com/tenant");
    for path in [
        "/.well-known/oauth-authorization-server/tenant",
        "/tenant/.well-known/openid-configuration",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/jwks.json",
    ] {
        assert_eq!(ask(&gateway, "GET", path).status, 200, "{path}");
    }
    for path in PATHS {
        assert_eq!(ask(&gateway, "GET", path).status, 404, "{path}");
    }
}

#[test]
fn dialects_and_their_tokens_are_as_before() {
    let gateway = public("https://login.example.com");
    for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
        assert!(!token(&gateway, dialect).is_empty());
    }
    let other = ask(&gateway, "GET", "/.well-known/security.txt");
    assert_eq!(other.status, 404);
    ask(&gateway, "GET", PATHS[2]);
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let route = format!("route=\"{}\"", PATHS[2]);
    assert!(metrics.text().contains(&route));
}

#[test]
fn what_public_metadata_need_is_checked_at_the_start() {
    for (config, reason) in [
        (
            "[introspection]\npublic_metadata = true",
            "introspection.public_metadata: needs management.url",
        ),
        (
            "[introspection]\npublic_metadata = true\n[management]\nurl = \"http://a\"\n[jwt]\nissuer = \"isogloss\"",
            "introspection.public_metadata: needs jwt.enabled, and as jwt.issuer an address",
        ),
        (
            "[introspection]\npublic_metadata = true\n[management]\nurl = \"http://a\"\n[jwt]\nissuer = \"https://example.com/v2\"",
            "introspection.public_metadata: /v2/.well-known/jwks.json, below jwt.issuer, is a path of the dialect bimplus",
        ),
        (
            "[introspection]\ndialect_scopes = { moon = \"read\" }",
            "introspection.dialect_scopes.moon: no such dialect",
        ),
        (
            "[introspection]\nscopes = { admin = \"a\\\"b\" }",
            "introspection.scopes.admin: expected scopes separated by spaces",
        ),
        (
            "[management]\nurl = \"moon\"",
            "management.url: expected an address",
        ),
    ] {
        let refused = builder().config_text(config).start().unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    // With another path, the dialect is not in the way.
    let config = "[introspection]\npublic_metadata = true\n[management]\nurl = \"http://a\"\n\
                  [jwt]\nissuer = \"https://example.com/v2\"\n[dialects.bimplus]\npath = \"/v3\"";
    let gateway = builder().config_text(config).start().unwrap();
    assert_eq!(
        ask(&gateway, "GET", "/v2/.well-known/jwks.json").status,
        200
    );
}
