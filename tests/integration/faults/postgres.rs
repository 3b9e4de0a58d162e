//! Faults of the directory's PostgreSQL server.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use isogloss_testkit::relay::Relay;
use isogloss_testkit::{Gateway, Postgres, Store};

use crate::faults::{gateway, survives};

/// Starts a PostgreSQL server. Returns it with the URL and the name of a database.
fn directory() -> (Postgres, String, String) {
    let postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    let name = address.rsplit('/').next().unwrap().to_owned();
    (postgres, address, name)
}

fn on(address: &str) -> Gateway {
    let gateway = gateway(Store::Memory)
        .directory(address)
        .env("ISOGLOSS__DIRECTORY__TIMEOUT", "500ms")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

#[test]
fn it_is_killed_and_comes_back() {
    let (postgres, address, _) = directory();
    let postgres = RefCell::new(postgres);
    survives(
        "postgres killed",
        &on(&address),
        || postgres.borrow_mut().kill().unwrap(),
        || postgres.borrow_mut().start_again().unwrap(),
    );
}

#[test]
fn its_network_stalls() {
    let (postgres, address, _) = directory();
    let relay = Relay::to(postgres.port()).unwrap();
    let address = address.replace(&postgres.port().to_string(), &relay.port().to_string());
    survives(
        "network to postgres stalled",
        &on(&address),
        || relay.stall(),
        || relay.go_on(),
    );
}

#[test]
fn its_processes_stall() {
    let (postgres, address, _) = directory();
    let stalled = RefCell::new(None);
    survives(
        "postgres stopped by SIGSTOP",
        &on(&address),
        || drop(stalled.replace(Some(postgres.stall().unwrap()))),
        || drop(stalled.take()),
    );
}

#[test]
fn it_cuts_everybody_off_again_and_again() {
    let (postgres, address, name) = directory();
    let cut_off = || {
        for _ in 0..10 {
            postgres.cut_off(&name).unwrap();
            thread::sleep(Duration::from_millis(100));
        }
    };
    survives(
        "connections to postgres cut off",
        &on(&address),
        cut_off,
        || {},
    );
}

/// Runs a load while the statement `forth` changes what new connections may do, until `back` undoes that.
fn changes(what: &str, forth: &str, back: &str) {
    let (postgres, address, name) = directory();
    let change = |statement: &str| {
        let statement = statement.replace("DATABASE", &format!("DATABASE {name}"));
        postgres.sql("postgres", &statement).unwrap();
        postgres.cut_off(&name).unwrap();
    };
    survives(what, &on(&address), || change(forth), || change(back));
}

#[test]
fn it_lets_nobody_in() {
    changes(
        "no connection left at postgres",
        "ALTER DATABASE CONNECTION LIMIT 0",
        "ALTER DATABASE CONNECTION LIMIT -1",
    );
}

#[test]
fn the_role_may_not_log_in_of_a_sudden() {
    changes(
        "postgres refuses the role",
        "ALTER ROLE isogloss NOLOGIN",
        "ALTER ROLE isogloss LOGIN",
    );
}

#[test]
fn it_writes_nothing() {
    changes(
        "postgres is read-only",
        "ALTER DATABASE SET default_transaction_read_only = on",
        "ALTER DATABASE SET default_transaction_read_only = off",
    );
}

#[test]
fn its_tables_are_locked() {
    let (postgres, address, name) = directory();
    let gateway = on(&address);
    thread::scope(|scope| {
        let lock = || {
            let sql = "BEGIN; LOCK TABLE users, logins; SELECT pg_sleep(3)";
            scope.spawn(|| postgres.sql(&name, sql).unwrap());
        };
        let wait = || thread::sleep(Duration::from_secs(2));
        survives("tables of postgres locked", &gateway, lock, wait);
    });
}
