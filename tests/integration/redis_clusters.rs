//! Two gateways on a Redis cluster, for each kind of cluster.
//!
//! A token that ends at one gateway is refused at the other, counts are right, and readiness is true.

use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::servers::{ClusterServers, RedisServer, TOPOLOGIES, move_slot, wait_until};
use isogloss_testkit::{Gateway, Postgres, Request, Response, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// Enough that each of three primaries has some.
const TOKENS: usize = 30;
/// Number of slots that move under load, if that many have keys.
const MOVES: usize = 12;
/// How long another gateway may accept a token after it was ended.
const BOUND: Duration = Duration::from_secs(1);

/// How long a request is sent again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two gateways with the same stores, and a shell for an operator's commands.
struct Pair {
    here: Gateway,
    there: Gateway,
    shell: Shell,
    _folder: TempDir,
}

impl Pair {
    fn start(directory: &str, store: String) -> Self {
        let builder = Gateway::builder(crate::PROGRAM)
            .directory(directory)
            .store(Store::Redis(store))
            .env("ISOGLOSS__TOKENS__PEPPER", "the same at every gateway");
        let folder = TempDir::new().unwrap();
        let start = || builder.clone().start().unwrap();
        let (here, there) = thread::scope(|scope| {
            let here = scope.spawn(start);
            let there = start();
            (here.join().unwrap(), there)
        });
        let pair = Self {
            here,
            there,
            shell: Shell::beside(&builder, folder.path()),
            _folder: folder,
        };
        for gateway in pair.both() {
            gateway.wait_until_ready().unwrap();
        }
        pair
    }

    fn both(&self) -> [&Gateway; 2] {
        [&self.here, &self.there]
    }

    fn revoke_all(&self) -> Said {
        self.shell.run(&["session", "revoke", "--all", "--json"])
    }

    /// Checks the tokens until all of them are in the cache of the other gateway.
    fn wait_until_kept_there(&self, tokens: &[String]) {
        wait_until("all tokens are in the cache", || {
            let before = kept_near(&self.there);
            for token in tokens {
                assert_eq!(check(&self.there, token), 200);
            }
            kept_near(&self.there) - before == tokens.len()
        })
        .unwrap();
    }

    /// Logs in, checks the token at the other gateway, logs out, and checks that the token is refused there.
    fn come_and_go(&self) {
        let token = login(&self.here);
        for _ in 0..3 {
            let status = check(&self.there, &token);
            assert!([200, 503].contains(&status), "a valid token: {status}");
        }
        log_out(&self.here, &token);
        assert_refused_in_time(&self.there, &token);
    }
}

/// Sends a request again while the response is "unavailable", as a client does, since a slot may be moving.
fn send(gateway: &Gateway, request: &Request) -> Response {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = request.send(gateway.public()).unwrap();
        if answer.status != 503 || Instant::now() > deadline {
            return answer;
        }
    }
}

fn login(gateway: &Gateway) -> String {
    let login = Request::get("/web/api/v3/auth/login?userName=admin&password=admin-demo");
    let answer = send(gateway, &login);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()["token"].as_str().unwrap().to_owned()
}

/// Returns the status of a check of the token.
fn check(gateway: &Gateway, token: &str) -> u16 {
    let check = Request::get(format!("/web/api/v3/auth/whoAmI?token={token}"));
    check.send(gateway.public()).unwrap().status
}

fn log_out(gateway: &Gateway, token: &str) {
    let end = Request::get(format!("/web/api/v3/auth/logout?token={token}"));
    let answer = send(gateway, &end);
    // The response to an earlier attempt may have been lost.
    let is_ended = answer.status < 300 || answer.status == 401;
    assert!(is_ended, "{}", answer.text());
}

#[track_caller]
fn assert_refused_in_time(gateway: &Gateway, token: &str) {
    let deadline = Instant::now() + BOUND;
    while check(gateway, token) != 401 {
        assert!(Instant::now() < deadline, "an ended token is still valid");
    }
}

/// Returns how many token lookups were served from the cache.
fn kept_near(gateway: &Gateway) -> usize {
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let text = metrics.text();
    let name = r#"isogloss_near_cache_hits_total{kept="tokens"} "#;
    let mut lines = text.lines();
    let hits = lines.find_map(|line| line.strip_prefix(name));
    hits.map_or(0, |hits| hits.parse().unwrap())
}

fn readyz(gateway: &Gateway) -> (u16, Value) {
    let answer = Request::get("/readyz").send(gateway.management()).unwrap();
    (answer.status, answer.json().unwrap())
}

/// Moves slots with keys from the first primary to the second, and returns how many.
fn move_slots(servers: &[RedisServer]) -> usize {
    let [from, to, ..] = servers else { return 0 };
    for moved in 0..MOVES {
        let key = from.values(&[b"RANDOMKEY"]).unwrap().concat();
        if key.is_empty() {
            return moved;
        }
        let slot = from.values(&[b"CLUSTER", b"KEYSLOT", &key]).unwrap();
        let slot = String::from_utf8(slot.concat()).unwrap();
        move_slot(&slot, from, to, servers).unwrap();
    }
    MOVES
}

fn what_ends_here_is_refused_there_and_counted(pair: &Pair, servers: &mut ClusterServers) {
    let tokens: Vec<_> = (0..TOKENS).map(|_| login(&pair.here)).collect();
    let (ended, live) = tokens.split_at(10);
    pair.wait_until_kept_there(&tokens);
    for token in ended {
        log_out(&pair.here, token);
        assert_refused_in_time(&pair.there, token);
    }
    let servers = servers.servers();
    let servers_are_several = servers.len() > 1;
    thread::scope(|scope| {
        let moves = scope.spawn(|| move_slots(servers));
        while !moves.is_finished() {
            pair.come_and_go();
        }
        assert_eq!(moves.join().unwrap() > 0, servers_are_several);
    });
    pair.wait_until_kept_there(live);
    assert_eq!(pair.revoke_all().json(), json!({"ended": live.len()}));
    for token in live {
        for gateway in pair.both() {
            assert_refused_in_time(gateway, token);
        }
    }
}

fn a_lost_slot_is_named_and_nothing_is_believed(pair: &Pair, servers: &mut ClusterServers) {
    let token = login(&pair.here);
    pair.wait_until_kept_there(std::slice::from_ref(&token));
    for server in servers.servers() {
        server.ask(&["CLUSTER", "DELSLOTS", "0"]).unwrap();
    }
    for gateway in pair.both() {
        wait_until("readiness names the slot", || {
            let (status, body) = readyz(gateway);
            let reason = body["reason"].as_str().unwrap_or_default();
            status == 503 && reason.contains("slot 0 has no primary")
        })
        .unwrap();
        wait_until("a token is neither accepted nor refused", || {
            check(gateway, &token) == 503
        })
        .unwrap();
    }
    let refused = pair.revoke_all().refused();
    assert!(refused.contains("slot 0 has no primary"), "{refused}");

    servers.servers()[0]
        .ask(&["CLUSTER", "ADDSLOTS", "0"])
        .unwrap();
    for gateway in pair.both() {
        gateway.wait_until_ready().unwrap();
        wait_until("a token is accepted again", || {
            check(gateway, &token) == 200
        })
        .unwrap();
    }
}

#[test]
fn in_each_kind_of_cluster_two_gateways_act_as_one_and_tell_the_truth() {
    let postgres = Postgres::start().unwrap();
    let directory = postgres.new_database().unwrap();
    for topology in &TOPOLOGIES {
        eprintln!("{}", topology.name);
        let mut servers = topology.start().unwrap();
        let pair = Pair::start(&directory, servers.url());
        for gateway in pair.both() {
            let (status, body) = readyz(gateway);
            assert_eq!((status, &body["status"]), (200, &json!("ok")), "{body}");
            let described = body["token_store"]["servers"].as_array().unwrap();
            assert_eq!(described.len(), topology.primaries, "{body}");
        }
        what_ends_here_is_refused_there_and_counted(&pair, &mut servers);
        a_lost_slot_is_named_and_nothing_is_believed(&pair, &mut servers);
    }
}
