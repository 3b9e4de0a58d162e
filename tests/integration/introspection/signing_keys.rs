//! The keys of JWTs: how services read them, how gateways share them, and what happens without them.

use isogloss_testkit::dialects::{TestUser, TokenKind};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Builder, Gateway, Postgres, Request, raw_http};
use serde_json::{Value, json};

use crate::introspection::{builder, gateway, key_set, post};

/// Waits until the gateway publishes that many keys, and returns them. There are none while another gateway changes the
/// tables of the directory, or a server takes too long.
fn keys(gateway: &Gateway, count: usize) -> Vec<Value> {
    let mut keys = Vec::new();
    wait_until("all keys to be published", || {
        let response = key_set(gateway);
        if response.status == 503 {
            return false;
        }
        assert_eq!(response.status, 200, "{}", response.text());
        let key_set = response.json().unwrap();
        keys.clone_from(key_set["keys"].as_array().unwrap());
        keys.len() == count
    })
    .unwrap();
    keys
}

fn with_secrets(directory: &str, current: &str, next: Option<&str>) -> Builder {
    let text = |name: &str| format!("the {name} secret of this test, of thirty-two bytes");
    let builder = builder()
        .directory(directory)
        .env("ISOGLOSS__JWT__SECRET", text(current));
    match next {
        Some(next) => builder.env("ISOGLOSS__JWT__NEXT_SECRET", text(next)),
        None => builder,
    }
}

#[test]
fn the_key_set_has_rsa_keys_which_services_may_cache() {
    let gateway = gateway();
    for key in keys(&gateway, 2) {
        let key = key.as_object().unwrap();
        let members: Vec<_> = key.keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!((&key["kty"], &key["alg"]), (&json!("RSA"), &json!("RS256")));
        assert_eq!((&key["use"], &key["e"]), (&json!("sig"), &json!("AQAB")));
    }
    let full = key_set(&gateway);
    assert_eq!(full.header("Cache-Control"), Some("public, max-age=300"));
    assert_eq!(full.header("Content-Type"), Some("application/json"));
    let tag = full.header("ETag").unwrap();
    for (known, status) in [(tag, 304), ("\"other\"", 200)] {
        let again = Request::get("/.well-known/jwks.json").header("If-None-Match", known);
        let again = again.send(gateway.management()).unwrap();
        assert_eq!(again.status, status);
        assert_eq!(again.header("ETag"), Some(tag));
        assert_eq!(again.header("Cache-Control"), Some("public, max-age=300"));
        assert_eq!(again.body.is_empty(), status == 304);
    }
    let head = b"HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let head = raw_http::until_closed(&mut raw_http::send(gateway.management(), head));
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains(&format!("etag: {tag}")), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "no body: {head}");
}

#[test]
fn gateways_that_start_at_once_on_one_directory_have_the_same_keys() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let all: Vec<_> = std::thread::scope(|scope| {
        let start = || with_secrets(&address, "first", None).start().unwrap();
        let all = [(); 3].map(|()| scope.spawn(start));
        all.map(|gateway| gateway.join().unwrap()).into()
    });
    let present_and_next = 2;
    let first = keys(&all[0], present_and_next);
    for other in &all[1..] {
        assert_eq!(keys(other, present_and_next), first);
    }
}

#[test]
fn the_keys_of_the_next_secret_are_published_before_they_sign() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let announcing = with_secrets(&address, "first", Some("second"))
        .start()
        .unwrap();
    let announced = keys(&announcing, 4);
    let changed = with_secrets(&address, "second", None).start().unwrap();
    let signing = keys(&changed, 2);
    assert_ne!(
        announced[0], signing[0],
        "the first one is the one that signs"
    );
    for key in signing {
        assert!(announced.contains(&key), "{key}");
    }
}

#[test]
fn without_keys_no_jwt_is_issued_and_the_key_set_is_unavailable() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (_, database) = address.rsplit_once('/').unwrap();
    let mut gateway = with_secrets(&address, "first", None).start().unwrap();
    gateway.wait_until_ready().unwrap();
    let move_away = "ALTER TABLE signing_keys RENAME TO put_aside";
    server.sql(database, move_away).unwrap();
    gateway.start_again().unwrap();
    gateway.wait_until_ready().unwrap();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let token = tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("memsource", "access"))
        .unwrap();
    let exchange = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("subject_token", &*token.text),
    ];
    let forward_auth = || {
        let call = Request::get("/forward-auth/memsource");
        let call = call.header("Authorization", format!("ApiToken {}", token.text));
        call.send(gateway.management()).unwrap()
    };
    let responses = || {
        [
            key_set(&gateway),
            post(&gateway, "/token", &exchange),
            forward_auth(),
        ]
    };
    for response in responses() {
        assert_eq!(response.status, 503, "{}", response.text());
        assert_eq!(response.header("Retry-After"), Some("1"));
        assert_ne!(
            response.header("Cache-Control"),
            Some("public, max-age=300")
        );
    }
    let exchanged = post(&gateway, "/token", &exchange).json().unwrap();
    assert_eq!(exchanged["error"], "temporarily_unavailable");
    assert!(gateway.logs("cannot read or store the keys of JWTs, will retry"));
    let introspected = post(&gateway, "/introspect", &[("token", &token.text)]);
    assert_eq!(introspected.json().unwrap()["active"], true);

    let move_back = "ALTER TABLE put_aside RENAME TO signing_keys";
    server.sql(database, move_back).unwrap();
    assert!(gateway.logs("the keys of JWTs can be read and stored again"));
    for response in responses() {
        assert_eq!(response.status, 200, "{}", response.text());
    }
}
