//! What the log and `/readyz` report about the Redis server with the tokens.

use isogloss_testkit::servers::{ClusterServers, RedisServer, SentinelServers, wait_until};
use isogloss_testkit::{Builder, Gateway, Request, Response, Store};
use serde_json::{Value, json};

fn on(server: &RedisServer) -> Builder {
    at(&format!("redis://127.0.0.1:{}", server.port()))
}

fn at(url: &str) -> Builder {
    Gateway::builder(crate::PROGRAM).store(Store::Redis(url.to_owned()))
}

fn readyz(gateway: &Gateway) -> Response {
    Request::get("/readyz").send(gateway.management()).unwrap()
}

fn findings(answer: &Response) -> Vec<(String, String)> {
    let body = answer.json().unwrap();
    let findings = body["token_store"]["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .map(|finding| (text(&finding["level"]), text(&finding["text"])))
        .collect()
}

#[test]
fn a_doubtful_redis_is_used_and_warned_of_once() {
    let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).unwrap();
    let gateway = on(&server).start().unwrap();
    for _ in 0..3 {
        let answer = readyz(&gateway);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json().unwrap();
        assert_eq!(
            (&body["status"], &body["token_store"]["reachable"]),
            (&json!("ok"), &json!(true))
        );
        let described = &body["token_store"]["servers"][0];
        assert_eq!(described["role"], "primary");
        assert_eq!(described["eviction"], "allkeys-lru");
        assert_eq!(described["persistence"], "none");
        assert!(described["version"].is_string() && described["clock_ahead_ms"].is_i64());
        let [(first, evicts), (second, forgets)] = &findings(&answer)[..] else {
            panic!("{}", answer.text());
        };
        assert_eq!((first.as_str(), second.as_str()), ("warning", "warning"));
        assert!(evicts.contains("allkeys-lru") && forgets.contains("a restart forgets"));
    }
    assert!(gateway.logs("a restart forgets all tokens"));
    let log = gateway.log();
    let warned = log
        .iter()
        .filter(|line| line.contains("allkeys-lru evicts"));
    assert_eq!(warned.count(), 1, "{log:#?}");
}

#[test]
fn without_remembered_logins_a_redis_may_forget() {
    let server = RedisServer::start(&[]).unwrap();
    let gateway = on(&server)
        .env("ISOGLOSS__DIALECTS__BIMPLUS__ENABLED", "false")
        .env("ISOGLOSS__DIALECTS__TOKENLOGIN__ENABLED", "false")
        .start()
        .unwrap();
    assert_eq!(findings(&readyz(&gateway)), []);
}

#[test]
fn a_redis_that_evicts_can_be_refused_until_it_is_set_right() {
    let server = RedisServer::start(&["--maxmemory-policy", "volatile-lru"]).unwrap();
    let gateway = on(&server)
        .env("ISOGLOSS__TOKENS__REDIS_EVICTION", "refuse")
        .start()
        .unwrap();
    let answer = readyz(&gateway);
    let body = answer.json().unwrap();
    assert_eq!(
        (answer.status, &body["status"]),
        (503, &json!("unavailable"))
    );
    assert!(
        body["reason"].as_str().unwrap().contains("volatile-lru"),
        "{body}"
    );
    server
        .ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"])
        .unwrap();
    wait_until("it is ready", || readyz(&gateway).status == 200).unwrap();
}

#[test]
fn a_redis_that_is_away_is_looked_at_when_it_comes() {
    let mut server = RedisServer::start(&[]).unwrap();
    server.kill().unwrap();
    let gateway = on(&server).start().unwrap();
    let answer = readyz(&gateway);
    let body = answer.json().unwrap();
    assert_eq!(
        (answer.status, &body["token_store"]["reachable"]),
        (503, &json!(false))
    );
    server.start_again().unwrap();
    wait_until("it is ready", || readyz(&gateway).status == 200).unwrap();
    assert!(gateway.logs("tokens live in Redis"));
}

#[test]
fn no_password_reaches_the_log_or_the_probes() {
    let server = RedisServer::start(&["--requirepass", "right"]).unwrap();
    for password in ["marked-secret", "right"] {
        let url = format!("redis://:{password}@127.0.0.1:{}", server.port());
        let gateway = at(&url)
            .env("ISOGLOSS__LOGGING__LEVEL", "trace")
            .start()
            .unwrap();
        let answer = readyz(&gateway);
        assert_eq!(answer.status, if password == "right" { 200 } else { 503 });
        let said = format!("{} {}", answer.text(), gateway.log().join("\n"));
        assert!(
            !said.contains("marked-secret") && !said.contains(":right@"),
            "{said}"
        );
    }
}

fn login_works(gateway: &Gateway) -> bool {
    let login = json!({"user_id": "admin", "password": "admin-demo"});
    let login = Request::post("/v2/authorize").json(&login);
    let answer = login.send(gateway.public()).unwrap();
    assert!([200, 503].contains(&answer.status), "{}", answer.text());
    answer.status == 200
}

#[test]
fn a_gateway_follows_sentinels_to_another_primary() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let gateway = at(&servers.url()).start().unwrap();
    assert!(login_works(&gateway));
    servers.kill_primary().unwrap();
    wait_until("a login works", || login_works(&gateway)).unwrap();
    wait_until("it is ready", || readyz(&gateway).status == 200).unwrap();
}

#[test]
fn a_gateway_outlives_a_primary_of_a_cluster() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let gateway = at(&servers.url()).start().unwrap();
    assert!(login_works(&gateway));
    for index in 0..3 {
        servers.kill_primary(index).unwrap();
        for _ in 0..5 {
            wait_until("a login works", || login_works(&gateway)).unwrap();
        }
    }
    wait_until("it is ready", || readyz(&gateway).status == 200).unwrap();
}
