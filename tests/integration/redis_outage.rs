//! Redis that is stopped or stalled: every dialect responds with "unavailable" and recovers by itself.

use std::thread;

use isogloss_testkit::dialects::{HeldToken, TestUser, TokenKind, dialect};
use isogloss_testkit::relay::Relay;
use isogloss_testkit::{Gateway, Redis, Request, Store};
use serde_json::json;

use crate::unavailable::{assert_health, assert_live, assert_well_again};

fn gateway_on(redis: &Redis) -> Gateway {
    gateway_at(redis.url())
}

fn gateway_at(url: String) -> Gateway {
    Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(url))
        .env("ISOGLOSS__TOKENS__REDIS_TIMEOUT", "200ms")
        .start()
        .unwrap()
}

/// Checks that logins, every valid token, and other requests that use the store get "unavailable".
fn assert_nothing_but_unavailable(gateway: &Gateway, tokens: &[HeldToken]) {
    let server = gateway.public();
    for (name, login) in TestUser::admin().logins() {
        dialect(name).assert_unavailable("login", &login.send(server).unwrap());
    }
    for held in tokens {
        if let Some(request) = held.presented() {
            let what = format!("{:?}", held.kind);
            let dialect = dialect(held.kind.dialect);
            dialect.assert_unavailable(&what, &request.send(server).unwrap());
        }
    }
    let of = |kind: TokenKind| &tokens.iter().find(|held| held.kind == kind).unwrap().text;
    let bimplus = format!("BimPlus {}", of(TokenKind::of("bimplus", "access")));
    let memsource = of(TokenKind::of("memsource", "access"));
    let others = [
        (
            "bimplus",
            Request::new("DELETE", "/v2/authorize").header("Authorization", &bimplus),
        ),
        (
            "bimplus",
            Request::post("/v2/cross-token").header("Authorization", &bimplus),
        ),
        (
            "memsource",
            Request::get(format!("/web/api/v3/auth/logout?token={memsource}")),
        ),
        (
            "memsource",
            Request::get(format!(
                "/web/api/v3/auth/loginOther?token={memsource}&userName=linguist"
            )),
        ),
    ];
    for (name, request) in others {
        let what = format!("{request:?}");
        dialect(name).assert_unavailable(&what, &request.send(server).unwrap());
    }
    let page = Request::get(format!(
        "/web/login/authByToken?token={}",
        of(TokenKind::of("memsource", "impersonation"))
    ));
    assert_eq!(page.send(server).unwrap().status, 503, "authByToken");
    let suppressed = Request::post(
        "/api/v1/Authentication/Login?APIKey=demo-api-key&suppressResponseCodes=true",
    )
    .json(&json!({"userName": "admin", "password": "admin-demo"}));
    let answer = suppressed.send(server).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json().unwrap(),
        json!({"Message": "The service is unavailable."})
    );
    assert_health(gateway, 503);
}

#[test]
fn stopped_redis_is_unavailable_until_it_is_back() {
    let mut redis = Redis::start().unwrap();
    let gateway = gateway_on(&redis);
    assert_health(&gateway, 200);
    for _ in 0..2 {
        let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
        redis.stop().unwrap();
        assert_nothing_but_unavailable(&gateway, &tokens);
        redis.start_again().unwrap();
        assert_well_again(&gateway);
    }
}

#[test]
fn gateway_started_without_redis_comes_up_and_recovers() {
    let mut redis = Redis::start().unwrap();
    let mut gateway = gateway_on(&redis);
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    redis.stop().unwrap();
    gateway.start_again().unwrap();
    assert_nothing_but_unavailable(&gateway, &tokens);
    redis.start_again().unwrap();
    assert_well_again(&gateway);
}

#[test]
fn stalled_redis_is_unavailable_and_its_tokens_live_on() {
    let redis = Redis::start().unwrap();
    let relay = Relay::to(redis.port()).unwrap();
    let gateway = gateway_at(format!("redis://{}", relay.address()));
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    relay.stall();
    // The client waits up to 30 s for each response; the time-out is 200 ms.
    assert_nothing_but_unavailable(&gateway, &tokens);
    relay.go_on();
    assert_well_again(&gateway);
    // Requests during the stall reached Redis when the relay continued, so the deletions may have been done.
    let kept = [
        TokenKind::of("bimplus", "remember_me"),
        TokenKind::of("tokenlogin", "reauthentication"),
        TokenKind::of("memsource", "browser"),
    ];
    let kept: Vec<_> = tokens
        .into_iter()
        .filter(|held| kept.contains(&held.kind))
        .collect();
    assert_eq!(kept.len(), 3);
    assert_live(gateway.public(), &kept);
}

#[test]
fn unavailable_is_answered_to_all_who_ask_at_once() {
    let mut redis = Redis::start().unwrap();
    let gateway = gateway_on(&redis);
    let server = gateway.public();
    redis.stop().unwrap();
    // More than there are connections to Redis.
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(move || {
                for (name, login) in TestUser::admin().logins() {
                    dialect(name).assert_unavailable("login", &login.send(server).unwrap());
                }
            });
        }
    });
    redis.start_again().unwrap();
    assert_well_again(&gateway);
}
