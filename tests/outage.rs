//! Redis away or stalled: unavailable in every dialect, never "not logged in", and well again by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "shared/holdings.rs"]
mod holdings;
#[path = "shared/person.rs"]
mod person;

use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Gateway, Redis, Reply, Request, Response, Store};
use serde_json::{Value, json};

use crate::holdings::{Held, Kind};
use crate::person::Person;

const PATIENCE: Duration = Duration::from_secs(30);

fn gateway_on(redis: &Redis) -> Gateway {
    Gateway::builder(env!("CARGO_BIN_EXE_isogloss-under-test"))
        .store(Store::Redis(redis.url()))
        .env("ISOGLOSS__TOKENS__REDIS_TIMEOUT", "200ms")
        .start()
        .unwrap()
}

fn dialect_of(kind: Kind) -> &'static str {
    match kind {
        Kind::BimplusAccess | Kind::BimplusRemember | Kind::BimplusCross => "bimplus",
        Kind::Crmcom => "crmcom",
        Kind::TokenloginSession | Kind::TokenloginReauthentication => "tokenlogin",
        Kind::MemsourceAccess | Kind::MemsourceImpersonation | Kind::MemsourceBrowser => {
            "memsource"
        }
    }
}

/// The dialect's word for "cannot ask", and nothing else.
fn assert_unavailable(dialect: &str, what: &str, answer: &Response) {
    let body = answer
        .json()
        .unwrap_or_else(|failure| panic!("{dialect}, {what}: {failure}: {}", answer.text()));
    let said = |place: &str| body.pointer(place).and_then(Value::as_str);
    let (status, word, place) = match dialect {
        "bimplus" => (503, "temporarily_unavailable", "/error"),
        "crmcom" => (
            200,
            "COM.CRM.EXCEPTION.WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
            "/status/code",
        ),
        "tokenlogin" => (503, "The service is unavailable.", "/Message"),
        _ => (503, "ServiceUnavailable", "/errorCode"),
    };
    let came = (answer.status, said(place));
    assert_eq!(came, (status, Some(word)), "{dialect}, {what}: {body}");
    let whole = match dialect {
        "bimplus" => {
            json!({"error": word, "error_description": body["message"], "message": body["message"]})
        }
        "crmcom" => json!({
            "status": {
                "code": word,
                "message": body["status"]["message"],
                "description": body["status"]["description"],
            },
            "data": {},
        }),
        "tokenlogin" => json!({"Message": word}),
        _ => json!({"errorCode": word, "errorDescription": body["errorDescription"]}),
    };
    assert_eq!(body, whole, "{dialect}, {what}");
}

/// Logins and every live token are answered with "unavailable", and so is what else asks the store.
fn assert_nothing_but_unavailable(gateway: &Gateway, tokens: &[Held]) {
    let server = gateway.public();
    for (dialect, login) in Person::admin().logins() {
        assert_unavailable(dialect, "login", &login.send(server).unwrap());
    }
    for held in tokens {
        if let Some(request) = held.presented() {
            let what = format!("{:?}", held.kind);
            assert_unavailable(dialect_of(held.kind), &what, &request.send(server).unwrap());
        }
    }
    let of = |kind: Kind| &tokens.iter().find(|held| held.kind == kind).unwrap().text;
    let bimplus = format!("BimPlus {}", of(Kind::BimplusAccess));
    let memsource = of(Kind::MemsourceAccess);
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
    for (dialect, request) in others {
        let what = format!("{request:?}");
        assert_unavailable(dialect, &what, &request.send(server).unwrap());
    }
    let page = Request::get(format!(
        "/web/login/authByToken?token={}",
        of(Kind::MemsourceImpersonation)
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

/// The process is well; whether it is ready depends on Redis.
fn assert_health(gateway: &Gateway, ready: u16) {
    let status = |path: &str| {
        Request::get(path)
            .send(gateway.management())
            .unwrap()
            .status
    };
    assert_eq!((status("/healthz"), status("/readyz")), (200, ready));
}

/// Waits until a login works again, then asks for every kind of token and presents it.
fn assert_well_again(gateway: &Gateway) {
    let server = gateway.public();
    wait_until("a login works again", || {
        let [(_, login), ..] = Person::admin().logins();
        let answer = login.send(server).unwrap();
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        answer.status == 200
    });
    let tokens = Person::admin().every_token(server).unwrap();
    assert_live(server, &tokens);
    assert_health(gateway, 200);
}

fn assert_live(server: SocketAddr, tokens: &[Held]) {
    for held in tokens {
        if let Some(request) = held.presented() {
            let answer = request.send(server).unwrap();
            assert_eq!(answer.status, 200, "{:?}: {}", held.kind, answer.text());
        }
    }
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn stopped_redis_is_unavailable_until_it_is_back() {
    let mut redis = Redis::start().unwrap();
    let gateway = gateway_on(&redis);
    assert_health(&gateway, 200);
    for _ in 0..2 {
        let tokens = Person::admin().every_token(gateway.public()).unwrap();
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
    let tokens = Person::admin().every_token(gateway.public()).unwrap();
    redis.stop().unwrap();
    gateway.start_again().unwrap();
    assert_nothing_but_unavailable(&gateway, &tokens);
    redis.start_again().unwrap();
    assert_well_again(&gateway);
}

/// A Redis that takes connections and commands and answers none, until this is dropped.
struct Stalled(String);

impl Stalled {
    fn stall(redis: &Redis) -> Self {
        let Ok(Reply::Bulk(Some(information))) = redis.command(&["INFO", "server"]) else {
            panic!("no INFO");
        };
        let information = String::from_utf8_lossy(&information).into_owned();
        let line = information
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        let stalled = Self(line.unwrap().trim().to_owned());
        stalled.signal("-STOP");
        stalled
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[test]
fn stalled_redis_is_unavailable_and_its_tokens_live_on() {
    let redis = Redis::start().unwrap();
    let gateway = gateway_on(&redis);
    let tokens = Person::admin().every_token(gateway.public()).unwrap();
    let stalled = Stalled::stall(&redis);
    // Each answer is awaited for 30 s at most, and the time-out is 200 ms.
    assert_nothing_but_unavailable(&gateway, &tokens);
    drop(stalled);
    assert_well_again(&gateway);
    // What was asked meanwhile reached Redis when it woke: the deletions may have been done.
    let kept = [
        Kind::BimplusRemember,
        Kind::TokenloginReauthentication,
        Kind::MemsourceBrowser,
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
                for (dialect, login) in Person::admin().logins() {
                    assert_unavailable(dialect, "login", &login.send(server).unwrap());
                }
            });
        }
    });
    redis.start_again().unwrap();
    assert_well_again(&gateway);
}
