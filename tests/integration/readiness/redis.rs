//! What a Redis server does not permit, or cannot do.

use std::fs;
use std::path::PathBuf;

use isogloss_testkit::servers::{RedisServer, wait_until};
use isogloss_testkit::{Gateway, Store};

use crate::readiness::{Effect, Subject};

const PASSWORD: &str = "marked-redis-secret";

/// The access list of docs/redis.md.
const RULES: &str = "resetkeys ~isogloss:* -@all +select +ping +unwatch +role +time +info +config|get +wait \
    +get +set +getdel +del +zadd +zrem +zrange +zrevrange +zcard +zremrangebyscore +zremrangebyrank +zscore \
    +hset +hmget +hgetall +pexpire +evalsha +script|load +scan +client|tracking";

/// A change of the server, and what is reported then.
struct Case {
    name: &'static str,
    /// Commands with their arguments.
    breaks: &'static [&'static str],
    mends: &'static [&'static str],
    reason: &'static str,
}

const CASES: [Case; 10] = [
    Case {
        name: "no EVALSHA",
        breaks: &["ACL SETUSER gateway -evalsha"],
        mends: &["ACL SETUSER gateway +evalsha"],
        reason: "has no permissions to run the 'evalsha' command",
    },
    Case {
        name: "no SCRIPT LOAD",
        breaks: &["ACL SETUSER gateway -script|load", "SCRIPT FLUSH"],
        mends: &["ACL SETUSER gateway +script|load"],
        reason: "has no permissions to run the 'script|load' command",
    },
    Case {
        name: "a user who may only read",
        breaks: &["ACL SETUSER gateway -@write"],
        mends: &["ACL SETUSER gateway +@write"],
        reason: "has no permissions to run the 'set' command",
    },
    Case {
        name: "no HSET, which throttling needs",
        breaks: &["ACL SETUSER gateway -hset"],
        mends: &["ACL SETUSER gateway +hset"],
        reason: "EVALSHA refused",
    },
    Case {
        name: "keys of another prefix only",
        breaks: &["ACL SETUSER gateway resetkeys ~other:*"],
        mends: &["ACL SETUSER gateway resetkeys ~isogloss:*"],
        reason: "NOPERM this user has no permissions to access one of the keys",
    },
    Case {
        name: "a password that was changed",
        breaks: &[
            "ACL SETUSER gateway resetpass >another",
            "CLIENT KILL USER gateway",
        ],
        mends: &["ACL SETUSER gateway resetpass >marked-redis-secret"],
        reason: "AuthenticationFailed",
    },
    Case {
        name: "too few replicas",
        breaks: &["CONFIG SET min-replicas-to-write 1"],
        mends: &["CONFIG SET min-replicas-to-write 0"],
        reason: "NOREPLICAS",
    },
    Case {
        name: "a full memory",
        breaks: &["CONFIG SET maxmemory 1mb"],
        mends: &["CONFIG SET maxmemory 0"],
        reason: "OOM",
    },
    Case {
        name: "a replica",
        breaks: &["REPLICAOF 127.0.0.1 1"],
        mends: &["REPLICAOF NO ONE"],
        reason: "not the primary",
    },
    Case {
        name: "a server that loses its user",
        breaks: &["ACL DELUSER gateway"],
        mends: &["ACL SETUSER gateway on >marked-redis-secret", "ACL RULES"],
        reason: "AuthenticationFailed",
    },
];

fn run(server: &RedisServer, commands: &[&str]) {
    for command in commands {
        let command = command.replace("ACL RULES", &format!("ACL SETUSER gateway {RULES}"));
        let words: Vec<_> = command.split_whitespace().collect();
        server.ask(&words).unwrap();
    }
}

fn start(server: &RedisServer) -> Subject {
    let user = format!("ACL SETUSER gateway on >{PASSWORD}");
    run(server, &[&user, "ACL RULES"]);
    let url = format!("redis://gateway:{PASSWORD}@127.0.0.1:{}", server.port());
    Subject::start(|builder| builder.store(Store::Redis(url)))
}

fn assert_no_secret(gateway: &Gateway, said: &str) {
    let log = gateway.log().join("\n");
    assert!(
        !log.contains(PASSWORD) && !said.contains(PASSWORD),
        "{log} {said}"
    );
}

#[test]
fn what_a_redis_refuses_is_named_by_readyz_log_and_doctor() {
    let server = RedisServer::start(&[]).unwrap();
    let subject = start(&server);
    subject.assert_mended("at the start");
    for case in &CASES {
        run(&server, case.breaks);
        subject.assert_broken(case.name, "token store", Effect::Refused, [case.reason; 2]);
        assert_no_secret(&subject.gateway, &subject.readyz().1.to_string());
        run(&server, case.mends);
        subject.assert_mended(case.name);
        let keys = server.ask(&["KEYS", "*probe*"]).unwrap();
        assert_eq!(keys, "", "{}: a probe left something", case.name);
    }
}

#[test]
fn a_redis_that_cannot_save_is_named() {
    let server = RedisServer::start(&[]).unwrap();
    let subject = start(&server);
    subject.assert_mended("at the start");
    let folder = server.ask(&["CONFIG", "GET", "dir"]).unwrap();
    let dump = PathBuf::from(folder.lines().last().unwrap()).join("dump.rdb");
    fs::create_dir(&dump).unwrap();
    let save = || {
        server.ask(&["BGSAVE"]).unwrap();
        let state = |line: &str| {
            let info = server.ask(&["INFO", "persistence"]).unwrap();
            info.contains(line)
        };
        wait_until("it has saved", || state("rdb_bgsave_in_progress:0")).unwrap();
        state("rdb_last_bgsave_status:ok")
    };
    server.ask(&["CONFIG", "SET", "save", "3600 1"]).unwrap();
    assert!(!save());
    subject.assert_broken("MISCONF", "token store", Effect::Refused, ["MISCONF"; 2]);
    fs::remove_dir(&dump).unwrap();
    assert!(save());
    subject.assert_mended("MISCONF");
}
