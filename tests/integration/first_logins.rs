//! First logins of users whom an authority knows, at several gateways at the same time.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{AuthorityServer, AuthorityUser, Gateway, Postgres, Redis, Store};

const PAIRS: usize = 1000;
/// How many pairs log in at the same time.
const WORKERS: usize = 8;
const PASSWORD: &str = "right there";

fn name(number: usize) -> String {
    format!("new{number}")
}

#[test]
fn two_first_logins_of_a_user_at_one_instant_both_succeed_and_create_one_user() {
    let users = (0..PAIRS).map(|number| AuthorityUser::new(&name(number), PASSWORD));
    let hook = AuthorityServer::hook(users).unwrap();
    let redis = Redis::start().unwrap();
    let postgres = Postgres::start().unwrap();
    let database = postgres.new_database().unwrap();
    let table = format!(
        "[[authorities]]\nname = 'shop'\nkind = 'http'\nusers = 'create'\norganisation = 'CRMDEMO'\n\
         [authorities.http]\nurl = '{}'\nsecret = '{}'\nca_file = '{}'\n",
        hook.url(),
        AuthorityServer::HOOK_SECRET,
        hook.ca_file().display(),
    );
    let gateways = [(); 2].map(|()| {
        let builder = Gateway::builder(crate::PROGRAM)
            .store(Store::Redis(redis.url()))
            .directory(&database)
            .env("ISOGLOSS__TOKENS__PEPPER", "the same at every gateway")
            .env("ISOGLOSS__DIRECTORY__TIMEOUT", "20s")
            .config_text(&table);
        let gateway = builder.start().unwrap();
        gateway.wait_until_ready().unwrap();
        gateway
    });
    let next = AtomicUsize::new(0);
    let barriers = [(); WORKERS].map(|()| Barrier::new(gateways.len()));
    thread::scope(|scope| {
        for barrier in &barriers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= PAIRS {
                        break;
                    }
                    log_in_everywhere(&gateways, number, barrier);
                }
            });
        }
    });
    let sql = "SELECT count(*), count(DISTINCT external_id) FROM users WHERE authority = 'shop'";
    let found = postgres.sql(&database, sql).unwrap();
    assert_eq!(found.trim(), format!("{PAIRS}|{PAIRS}"));
    let mut sent = BTreeMap::<_, usize>::new();
    // The gateways' own checks of the authority have other names.
    let requests = hook.requests().into_iter();
    for request in requests.filter(|request| request.login.starts_with("new")) {
        *sent.entry(request.login).or_default() += 1;
    }
    assert_eq!(sent.len(), PAIRS);
    // Each request sent its password once.
    assert!(sent.values().all(|&times| times == 2));
}

/// Logs in at all gateways at the same instant, in all dialects in turn.
fn log_in_everywhere(gateways: &[Gateway; 2], number: usize, barrier: &Barrier) {
    let dialect = dialects()[number % dialects().len()];
    thread::scope(|scope| {
        for gateway in gateways {
            scope.spawn(move || {
                let login = dialect.request(&name(number), PASSWORD);
                barrier.wait();
                let response = login.send(gateway.public()).unwrap();
                let token = dialect.token_of(&response);
                assert!(token.is_some(), "{number}: {}", response.text());
            });
        }
    });
}
