//! What the embedded store keeps over a restart, after an orderly shutdown and after a kill.

mod kills;

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::dialects::{HeldToken, TestUser, TokenKind};
use isogloss_testkit::{Builder, Gateway, Request, Store};

const PATIENCE: Duration = Duration::from_secs(30);
const REMEMBERED_KINDS: [TokenKind; 2] = [
    TokenKind::of("bimplus", "remember_me"),
    TokenKind::of("tokenlogin", "reauthentication"),
];

fn embedded() -> Builder {
    Gateway::builder(crate::PROGRAM).store(Store::Embedded)
}

/// Returns the status of presenting the token, `None` if it cannot be presented.
fn status(gateway: &Gateway, held: &HeldToken) -> Option<u16> {
    let request = held.presented()?;
    Some(request.send(gateway.public()).unwrap().status)
}

fn of_kinds(tokens: &[HeldToken], kinds: &[TokenKind]) -> Vec<HeldToken> {
    let wanted = tokens.iter().filter(|held| kinds.contains(&held.kind));
    wanted.cloned().collect()
}

/// Presents every token that can be presented and expects that status for each. There must be at least one.
fn assert_each(gateway: &Gateway, tokens: &[HeldToken], expected: u16) {
    assert!(assert_all(gateway, tokens, expected) > 0);
}

/// Presents every token that can be presented, expects that status for each, and returns how many there were.
fn assert_all(gateway: &Gateway, tokens: &[HeldToken], expected: u16) -> usize {
    let mut differing = String::new();
    let mut presented = 0;
    for held in tokens {
        let Some(came) = status(gateway, held) else {
            continue;
        };
        presented += 1;
        if came != expected {
            writeln!(differing, "{held:?}: expected {expected}, received {came}").unwrap();
        }
    }
    assert!(differing.is_empty(), "{differing}");
    presented
}

fn stop(gateway: &mut Gateway, how: End) {
    match how {
        End::Orderly => assert!(gateway.terminate().unwrap().success()),
        End::Sudden => gateway.kill().unwrap(),
    }
}

#[derive(Clone, Copy)]
enum End {
    Orderly,
    Sudden,
}

fn tokens_outlive(how: End) {
    let mut gateway = embedded().start().unwrap();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    stop(&mut gateway, how);
    gateway.start_again().unwrap();
    assert_each(&gateway, &tokens, 200);
}

#[test]
fn tokens_of_every_kind_outlive_a_restart() {
    tokens_outlive(End::Orderly);
}

#[test]
fn tokens_of_every_kind_outlive_a_kill() {
    tokens_outlive(End::Sudden);
}

fn ended_tokens_stay_ended(how: End) {
    let mut gateway = embedded().start().unwrap();
    let server = gateway.public();
    let spending = TestUser::admin().every_token(server).unwrap();
    let revoking = TestUser::admin().every_token(server).unwrap();
    let of = |tokens: &[HeldToken], kind: TokenKind| of_kinds(tokens, &[kind]).remove(0);
    // Its parent stays valid: with an ended parent it would be refused, used or not.
    let cross = of(&spending, TokenKind::of("bimplus", "cross"));
    let bimplus = of(&revoking, TokenKind::of("bimplus", "access"));
    let memsource = of(&revoking, TokenKind::of("memsource", "access"));
    let acts = [
        cross.presented().unwrap(),
        Request::new("DELETE", "/v2/authorize")
            .header("Authorization", format!("BimPlus {}", bimplus.text)),
        Request::get(format!("/web/api/v3/auth/logout?token={}", memsource.text)),
    ];
    for act in acts {
        assert_eq!(act.send(server).unwrap().status, 200);
    }
    stop(&mut gateway, how);
    gateway.start_again().unwrap();
    assert_each(&gateway, &[cross, bimplus, memsource], 401);
    let mut others = spending;
    others.retain(|held| held.kind != TokenKind::of("bimplus", "cross"));
    others.extend(of_kinds(&revoking, &REMEMBERED_KINDS));
    assert_each(&gateway, &others, 200);
}

#[test]
fn revoked_and_spent_tokens_stay_so_over_a_restart() {
    ended_tokens_stay_ended(End::Orderly);
}

#[test]
fn revoked_and_spent_tokens_stay_so_over_a_kill() {
    ended_tokens_stay_ended(End::Sudden);
}

const REMEMBERED: [&str; 3] = [
    "BIMPLUS__REMEMBER_LIFETIME",
    "BIMPLUS__CROSS_LIFETIME",
    "TOKENLOGIN__REAUTHENTICATION_LIFETIME",
];
const SESSIONS: [&str; 2] = ["BIMPLUS__ACCESS_LIFETIME", "MEMSOURCE__TOKEN_LIFETIME"];

fn living(lifetime: &str, of: &[&str]) -> Gateway {
    let builder = of.iter().fold(embedded(), |builder, key| {
        builder.env(format!("ISOGLOSS__DIALECTS__{key}"), lifetime)
    });
    builder.start().unwrap()
}

fn wait_until_refused(gateway: &Gateway, tokens: &[HeldToken]) {
    let deadline = Instant::now() + PATIENCE;
    for held in tokens {
        while status(gateway, held) != Some(401) {
            assert!(Instant::now() < deadline, "{held:?} does not expire");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn expired_remembered_logins_are_refused_before_and_after_a_restart() {
    let mut gateway = living("1s", &REMEMBERED);
    let earlier = TestUser::admin().every_token(gateway.public()).unwrap();
    let later = TestUser::admin().every_token(gateway.public()).unwrap();
    wait_until_refused(&gateway, &of_kinds(&later, &REMEMBERED_KINDS));
    // Presenting a cross token would redeem it. This one is older than those that have just expired, and had the
    // same lifetime.
    let cross = of_kinds(&earlier, &[TokenKind::of("bimplus", "cross")]);
    assert_each(&gateway, &cross, 401);
    gateway.start_again().unwrap();
    assert_each(&gateway, &of_kinds(&later, &REMEMBERED_KINDS), 401);
    assert_each(&gateway, &cross, 401);
    let sessions = [
        TokenKind::of("bimplus", "access"),
        TokenKind::of("memsource", "access"),
    ];
    assert_each(&gateway, &of_kinds(&later, &sessions), 200);
}

#[test]
fn expired_sessions_are_refused_before_and_after_a_restart() {
    // Long enough to issue all kinds in turn, some of which require another valid token.
    let mut gateway = living("3s", &SESSIONS);
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let mut sessions = tokens.clone();
    sessions.retain(|held| !REMEMBERED_KINDS.contains(&held.kind) && held.presented().is_some());
    // The cross token ends with its parent.
    sessions.sort_by_key(|held| held.kind == TokenKind::of("bimplus", "cross"));
    wait_until_refused(&gateway, &sessions);
    gateway.start_again().unwrap();
    assert_each(&gateway, &sessions, 401);
    assert_each(&gateway, &of_kinds(&tokens, &REMEMBERED_KINDS), 200);
}

#[test]
fn tokens_that_expire_while_the_gateway_is_down_are_refused() {
    let mut gateway = living("3s", &[&REMEMBERED[..], &SESSIONS[..]].concat());
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    gateway.kill().unwrap();
    // Time for which the gateway is down. Nothing is awaited.
    thread::sleep(Duration::from_secs(4));
    gateway.start_again().unwrap();
    assert_each(&gateway, &tokens, 401);
}
