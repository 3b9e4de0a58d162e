//! One budget for all dialects, gateways and proxies.

use std::fs;
use std::net::SocketAddr;
use std::thread;

use isogloss_testkit::{Gateway, Redis, Request, Store};
use serde_json::json;

use super::*;

/// Sends wrong passwords for that many names.
fn spray(server: SocketAddr, many: usize, dialect: impl Fn(usize) -> Dialect + Sync) {
    concurrently(many, |number| {
        let name = format!("user-{number}");
        let sent = dialect(number).login(&name, "wrong").send(server);
        assert!([200, 401, 429].contains(&sent.unwrap().status));
    });
}

#[test]
fn spray_over_all_dialects_is_stopped_as_soon_as_one_over_one() {
    const TRIES: usize = 10_000;
    let settings = "source_tries = 100\naccount_tries = 10";
    let start = || gateway(settings).config_text(LONG_QUEUE).start().unwrap();
    let gateway = start();
    spray(gateway.public(), TRIES, |number| DIALECTS[number % 4]);
    assert_eq!(TRIES - throttled(&gateway), 100);
    for dialect in DIALECTS {
        let gateway = start();
        spray(gateway.public(), 500, |_| dialect);
        assert_eq!(500 - throttled(&gateway), 100, "{dialect:?}");
    }
}

#[test]
fn one_account_has_one_budget_in_all_dialects() {
    let gateway = gateway("account_tries = 10").start().unwrap();
    for number in 0..40 {
        let login = DIALECTS[number % 4].login("admin", "wrong");
        login.send(gateway.public()).unwrap();
    }
    assert_eq!(throttled(&gateway), 30);
    for dialect in DIALECTS {
        let login = dialect.login("admin", "admin-demo");
        let answer = login.send(gateway.public()).unwrap().text();
        assert!(!is_in(dialect, &answer), "{answer}");
    }
}

#[test]
fn right_most_address_that_is_not_a_trusted_proxy_is_the_source() {
    let gateway = gateway("source_tries = 3")
        .config_text(BEHIND_A_PROXY)
        .start()
        .unwrap();
    let wrong = |chain: &str| {
        let login = Memsource.login("nobody", "wrong");
        let answer = forwarded(login, chain).send(gateway.public()).unwrap();
        is_throttled(&answer)
    };
    for number in 0..3 {
        assert!(!wrong(&format!("198.51.100.{number}, 192.0.2.1, 10.0.0.5")));
    }
    assert!(wrong("198.51.100.99, 192.0.2.1, 10.0.0.5"));
    assert!(wrong("192.0.2.1"));
    assert!(!wrong("192.0.2.1, 192.0.2.2"));
}

#[test]
fn nobody_is_believed_who_is_not_trusted() {
    let gateway = gateway("source_tries = 3").start().unwrap();
    let tries: Vec<_> = (0..10)
        .map(|number| {
            let source = format!("198.51.100.{number}");
            Memsource
                .login(&format!("user-{number}"), "wrong")
                .header("X-Forwarded-For", &source)
                .header("Forwarded", format!("for={source}"))
                .header("X-Real-IP", &source)
                .send(gateway.public())
                .unwrap()
                .status
        })
        .collect();
    assert_eq!(tries[..3], [401; 3]);
    assert_eq!(tries[3..], [429; 7]);
}

#[test]
fn gateways_on_one_redis_share_the_budget() {
    let redis = Redis::start().unwrap();
    let start = || {
        gateway("account_tries = 10")
            .store(Store::Redis(redis.url()))
            .env("ISOGLOSS__TOKENS__PEPPER", "the same for both of them")
            .start()
            .unwrap()
    };
    let gateways = [start(), start()];
    thread::scope(|scope| {
        for gateway in &gateways {
            for _ in 0..4 {
                scope.spawn(|| {
                    for dialect in DIALECTS.into_iter().cycle().take(8) {
                        let login = dialect.login("admin", "wrong");
                        login.send(gateway.public()).unwrap();
                    }
                });
            }
        }
    });
    assert_eq!(64 - throttled(&gateways[0]) - throttled(&gateways[1]), 10);
}

#[test]
fn names_of_nobody_are_refused_like_all_others() {
    let gateway = gateway("account_tries = 2").start().unwrap();
    for (dialect, name) in [
        (Bimplus, "sample"),
        (Tokenlogin, "admin"),
        (Memsource, "linguist"),
    ] {
        let answers = |name: &str| -> Vec<_> {
            let login = dialect.login(name, "wrong");
            let sent = (0..4).map(|_| login.send(gateway.public()).unwrap());
            sent.map(|answer| {
                let retry = is_throttled(&answer);
                (answer.status, answer.body, retry)
            })
            .collect()
        };
        let known = answers(name);
        let unknown = answers(&format!("nobody-{dialect:?}"));
        assert_eq!(known, unknown, "{dialect:?}");
        assert!(known[3].2);
    }
}

#[test]
fn surplus_letters_are_not_sent_and_nobody_is_told() {
    let gateway = gateway("letters = 2\nletters_refill = '1day'")
        .env("ISOGLOSS__LOGGING__LEVEL", "debug")
        .start()
        .unwrap();
    let bimplus = Request::post("/v2/auth-forgot").json(&json!({"user_id": "sample"}));
    let path = "/api/v1/Authentication/RequestPasswordReset?APIKey=demo-api-key";
    let tokenlogin = Request::post(path).json(&json!({"LoginName": "SAMPLE "}));
    for _ in 0..2 {
        for request in [&bimplus, &tokenlogin] {
            assert_eq!(request.send(gateway.public()).unwrap().status, 200);
        }
    }
    assert!(gateway.logs_times("too many were requested", 2));
    assert_eq!(throttled(&gateway), 2);
    // The two permitted e-mails are being sent or have arrived.
    let folder = gateway.folder().join("data/mail");
    let letters = || fs::read_dir(&folder).into_iter().flatten().count();
    while letters() < 2 {
        thread::yield_now();
    }
    let request = Request::post(path).json(&json!({"LoginName": "admin"}));
    request.send(gateway.public()).unwrap();
    while letters() < 3 {
        thread::yield_now();
    }
    assert_eq!(letters(), 3);
}

#[test]
fn demo_holds_the_conversations_within_its_budgets() {
    let gateway = Gateway::builder(crate::PROGRAM);
    let gateway = gateway.demo_budgets().start().unwrap();
    for case in isogloss_conformance::cases().unwrap() {
        if case.conversation.settings().is_empty() {
            let held = case.conversation.run(&gateway.public().into());
            held.unwrap_or_else(|failure| panic!("{}: {failure}", case.name));
        }
    }
}

#[test]
fn nothing_is_counted_where_it_is_switched_off() {
    let gateway = gateway("enabled = false\naccount_tries = 1")
        .start()
        .unwrap();
    for _ in 0..20 {
        let answer = Memsource.login("admin", "wrong").send(gateway.public());
        assert_eq!(answer.unwrap().status, 401);
    }
    assert_in(
        Memsource,
        &Memsource.login("admin", "admin-demo"),
        gateway.public(),
    );
}
