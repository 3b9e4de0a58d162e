//! An unreachable store does not make a token invalid.

use isogloss_testkit::dialects::{TestUser, TokenKind};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Redis, Request, Store};

use crate::introspection::token_extraction::{Carried, carried, dialect, speaks};
use crate::introspection::{exchange, jwt, post};

#[test]
fn with_the_store_away_nobody_is_told_that_a_token_is_dead() {
    let mut redis = Redis::start().unwrap();
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .config_text("[jwt]\nenabled = true\nissuer = \"a\"\naudience = \"b\"")
        .env(
            "ISOGLOSS__JWT__SECRET",
            "a secret of this test, of at least thirty-two bytes",
        )
        .start()
        .unwrap();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let held = tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("crmcom", "access"));
    let of_jwt = jwt(&gateway, &held.unwrap().text, &[]);
    redis.stop().unwrap();
    // Its signature is valid; whether its token still is, only the store knows. The cached token is accepted until the
    // gateway has noticed that its connection is closed.
    wait_until("an introspection is refused", || {
        let introspected = post(&gateway, "/introspect", &[("token", &of_jwt)]);
        introspected.status == 503
    })
    .unwrap();
    assert_eq!(exchange(&gateway, &of_jwt, &[]).status, 503);
    for held in tokens.iter().filter(|held| speaks(held.kind)) {
        let introspected = post(&gateway, "/introspect", &[("token", &held.text)]);
        assert_eq!(introspected.status, 503, "{:?}", held.kind);
        let body = introspected.json().unwrap();
        assert_eq!(body["error"], "temporarily_unavailable");
        assert!(introspected.header("Retry-After").is_some());

        let carried = carried(held).swap_remove(0);
        let path = format!("/forward-auth/envoy/{}", dialect(held.kind));
        let request = match &carried {
            Carried::Header(name, text) => Request::get(path).header(name, text),
            Carried::Query(query) => Request::get(format!("{path}?{query}")),
        };
        let asked = request.send(gateway.management()).unwrap();
        assert_eq!(asked.status, 503, "{:?}", held.kind);
        if held.kind == TokenKind::of("bimplus", "access") {
            assert_eq!(asked.json().unwrap()["error"], "temporarily_unavailable");
        }
    }
}
