//! Faults of a single Redis server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use isogloss_testkit::Store;
use isogloss_testkit::relay::Relay;
use isogloss_testkit::servers::RedisServer;

use crate::faults::{gateway, survives};

/// Runs a command as the user whose credentials for `AUTH` are `words`.
fn as_user(redis: &RedisServer, words: &str, command: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    let lines = format!("AUTH {words}\r\n{command}\r\n");
    stream.write_all(lines.as_bytes()).unwrap();
    let mut answers = BufReader::new(stream).lines();
    for _ in 0..2 {
        let answer = answers.next().unwrap().unwrap();
        assert!(!answer.starts_with('-'), "{answer}");
    }
}

/// Starts a Redis server that syncs every write to disk, so that acknowledged changes survive a kill.
fn durable() -> RedisServer {
    RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap()
}

fn at(port: u16) -> Store {
    Store::Redis(format!("redis://127.0.0.1:{port}"))
}

#[test]
fn it_is_killed_and_comes_back() {
    let redis = std::cell::RefCell::new(durable());
    let gateway = gateway(at(redis.borrow().port())).start().unwrap();
    let strike = || redis.borrow_mut().kill().unwrap();
    survives("redis killed", &gateway, strike, || {
        redis.borrow_mut().start_again().unwrap();
    });
}

#[test]
fn the_network_stalls() {
    let redis = durable();
    let relay = Relay::to(redis.port()).unwrap();
    let gateway = gateway(at(relay.port())).start().unwrap();
    survives(
        "network stalled",
        &gateway,
        || relay.stall(),
        || relay.go_on(),
    );
}

#[test]
fn the_process_stalls() {
    let redis = durable();
    let gateway = gateway(at(redis.port())).start().unwrap();
    survives(
        "redis stopped by SIGSTOP",
        &gateway,
        || redis.stall().unwrap(),
        || redis.go_on().unwrap(),
    );
}

#[test]
fn its_clients_are_paused() {
    let redis = durable();
    let gateway = gateway(at(redis.port())).start().unwrap();
    let pause = || drop(redis.ask(&["CLIENT", "PAUSE", "3000", "ALL"]).unwrap());
    let wait = || thread::sleep(Duration::from_secs(2));
    survives("CLIENT PAUSE", &gateway, pause, wait);
}

#[test]
fn its_memory_is_full() {
    let redis = durable();
    let gateway = gateway(at(redis.port())).start().unwrap();
    let set = |limit: &str| drop(redis.ask(&["CONFIG", "SET", "maxmemory", limit]).unwrap());
    survives("maxmemory reached", &gateway, || set("1"), || set("0"));
}

#[test]
fn it_is_made_a_replica() {
    let redis = durable();
    let gateway = gateway(at(redis.port())).start().unwrap();
    let follow = |host: &str, port: &str| drop(redis.ask(&["REPLICAOF", host, port]).unwrap());
    survives(
        "READONLY",
        &gateway,
        || follow("127.0.0.1", "1"),
        || follow("NO", "ONE"),
    );
}

#[test]
fn it_asks_for_a_password_that_nobody_has() {
    let redis = durable();
    redis
        .ask(&["ACL", "SETUSER", "helper", "on", "nopass", "+@all", "~*"])
        .unwrap();
    let gateway = gateway(at(redis.port())).start().unwrap();
    let as_helper = |command| as_user(&redis, "helper any", command);
    survives(
        "NOAUTH",
        &gateway,
        || {
            as_helper("ACL SETUSER default resetpass >other");
            as_helper("CLIENT KILL TYPE normal");
        },
        || as_helper("ACL SETUSER default nopass"),
    );
}

#[test]
fn the_password_it_was_given_is_wrong_of_a_sudden() {
    let redis = RedisServer::start(&["--requirepass", "right", "--appendonly", "yes"]).unwrap();
    as_user(&redis, "right", "ACL SETUSER helper on nopass +@all ~*");
    let url = format!("redis://:right@127.0.0.1:{}", redis.port());
    let gateway = gateway(Store::Redis(url)).start().unwrap();
    let as_helper = |command| as_user(&redis, "helper any", command);
    survives(
        "wrong password",
        &gateway,
        || {
            as_helper("ACL SETUSER default resetpass >other");
            as_helper("CLIENT KILL TYPE normal");
        },
        || as_helper("ACL SETUSER default resetpass >right"),
    );
}
