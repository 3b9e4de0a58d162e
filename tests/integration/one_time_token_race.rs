//! A one-time token in fifty concurrent requests opens one session.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;

use isogloss_testkit::{Gateway, Redis, Request, Store};
use serde_json::{Value, json};

const AT_ONCE: usize = 50;
const ROUNDS: usize = 5;

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap().to_owned()
}

/// Returns how many of the concurrent requests get that status. The others must get 401.
fn answered(server: SocketAddr, request: &(impl Fn() -> Request + Sync), status: u16) -> usize {
    let start = Barrier::new(AT_ONCE);
    let one = || {
        let request = request();
        start.wait();
        request.send(server).unwrap().status
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let senders: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .collect()
    });
    let good = statuses.iter().filter(|came| **came == status).count();
    let refused = statuses.iter().filter(|came| **came == 401).count();
    assert_eq!(good + refused, AT_ONCE, "{statuses:?}");
    good
}

fn one_of_fifty_wins(store: Store) {
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(store)
        .start()
        .unwrap();
    let server = gateway.public();
    let login = json!({"user_id": "admin", "password": "admin-demo"});
    let login = Request::post("/v2/authorize")
        .json(&login)
        .send(server)
        .unwrap();
    let authorization = format!("BimPlus {}", text(&login.json().unwrap(), "access_token"));
    let admin = Request::post("/web/api/v3/auth/login")
        .form("userName=admin&password=admin-demo")
        .send(server)
        .unwrap();
    let admin = text(&admin.json().unwrap(), "token");

    for _ in 0..ROUNDS {
        let cross = Request::post("/v2/cross-token").header("Authorization", &*authorization);
        let cross = text(&cross.send(server).unwrap().json().unwrap(), "cross_token");
        let swap = || Request::post("/v2/cross-authorize").json(&json!({"cross_token": cross}));
        assert_eq!(answered(server, &swap, 200), 1, "cross token");

        let other = Request::post("/web/api/v3/auth/loginOther")
            .form(format!("token={admin}&userName=linguist"));
        let other = text(&other.send(server).unwrap().json().unwrap(), "token");
        let visit = || Request::get(format!("/web/login/authByToken?token={other}"));
        assert_eq!(answered(server, &visit, 302), 1, "loginOther token");
    }
}

#[test]
fn one_of_fifty_wins_with_tokens_in_memory() {
    one_of_fifty_wins(Store::Memory);
}

#[test]
fn one_of_fifty_wins_with_the_embedded_store() {
    one_of_fifty_wins(Store::Embedded);
}

#[test]
fn one_of_fifty_wins_with_redis() {
    let redis = Redis::start().unwrap();
    one_of_fifty_wins(Store::Redis(redis.url()));
}
