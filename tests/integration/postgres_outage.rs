//! PostgreSQL that is stopped, stalled or late.
//!
//! Every dialect responds with "unavailable", never with "not logged in", and recovers by itself.

use std::thread;
use std::time::Instant;

use isogloss_testkit::dialects::{HeldToken, TestUser, TokenKind, dialect};
use isogloss_testkit::{Builder, Gateway, Postgres, Request};
use tempfile::TempDir;

use crate::unavailable::{assert_health, assert_live, assert_well_again};
use isogloss_testkit::run_to_end;

fn gateway_on(address: &str) -> Builder {
    Gateway::builder(crate::PROGRAM)
        .directory(address)
        .env("ISOGLOSS__DIRECTORY__TIMEOUT", "1s")
}

/// Checks that logins and requests with every valid token get "unavailable".
fn assert_nothing_but_unavailable(gateway: &Gateway, tokens: &[HeldToken]) {
    let server = gateway.public();
    for (name, login) in TestUser::admin().logins() {
        dialect(name).assert_unavailable("login", &login.send(server).unwrap());
    }
    for held in tokens {
        if let Some(request) = held.presented() {
            let what = format!("{:?}", held.kind);
            let dialect = dialect(held.kind.dialect);
            dialect.assert_unavailable(&what, &request.send(server).unwrap());
        }
    }
    assert_health(gateway, 503);
}

fn every_token_but_cross_tokens(gateway: &Gateway) -> Vec<HeldToken> {
    gateway.wait_until_ready().unwrap();
    let mut tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    // Presenting these redeems them.
    tokens.retain(|held| held.kind != TokenKind::of("bimplus", "cross"));
    tokens
}

#[test]
fn stopped_postgres_is_unavailable_until_it_is_back() {
    let mut postgres = Postgres::start().unwrap();
    let gateway = gateway_on(&postgres.new_database().unwrap())
        .start()
        .unwrap();
    assert_well_again(&gateway);
    for _ in 0..2 {
        let tokens = every_token_but_cross_tokens(&gateway);
        postgres.stop().unwrap();
        assert_nothing_but_unavailable(&gateway, &tokens);
        postgres.start_again().unwrap();
        let back = Instant::now();
        assert_well_again(&gateway);
        let took = back.elapsed();
        eprintln!(
            "recovered {took:?} after PostgreSQL, including a request for every kind of token"
        );
        assert_live(gateway.public(), &tokens);
    }
}

#[test]
fn stalled_postgres_is_unavailable_and_the_tokens_live_on() {
    let postgres = Postgres::start().unwrap();
    let gateway = gateway_on(&postgres.new_database().unwrap())
        .start()
        .unwrap();
    let tokens = every_token_but_cross_tokens(&gateway);
    let stalled = postgres.stall().unwrap();
    // The client waits up to 30 s for each response; the time-out is 1 s.
    assert_nothing_but_unavailable(&gateway, &tokens);
    drop(stalled);
    assert_well_again(&gateway);
    assert_live(gateway.public(), &tokens);
}

#[test]
fn unavailable_is_answered_to_all_who_ask_at_once() {
    let mut postgres = Postgres::start().unwrap();
    let gateway = gateway_on(&postgres.new_database().unwrap())
        .start()
        .unwrap();
    let server = gateway.public();
    // Even if the directory file was not applied yet, no response may claim a wrong password.
    postgres.stop().unwrap();
    // More than there are connections to PostgreSQL.
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(move || {
                for (name, login) in TestUser::admin().logins() {
                    dialect(name).assert_unavailable("login", &login.send(server).unwrap());
                }
            });
        }
    });
    postgres.start_again().unwrap();
    assert_well_again(&gateway);
}

#[test]
fn gateway_started_before_postgres_fills_the_directory_when_it_comes() {
    let mut postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    postgres.stop().unwrap();
    let gateway = gateway_on(&address).start().unwrap();
    assert_nothing_but_unavailable(&gateway, &[]);
    assert!(gateway.logs("the directory cannot be used"));
    postgres.start_again().unwrap();
    assert!(gateway.logs("the directory can be used"));
    assert_well_again(&gateway);
}

#[test]
fn gateway_started_again_without_postgres_comes_up_and_recovers() {
    let mut postgres = Postgres::start().unwrap();
    let folder = TempDir::new().unwrap();
    let mut gateway = gateway_on(&postgres.new_database().unwrap())
        .store(isogloss_testkit::Store::Embedded)
        .folder(folder.path())
        .start()
        .unwrap();
    let tokens = every_token_but_cross_tokens(&gateway);
    postgres.stop().unwrap();
    gateway.start_again().unwrap();
    assert_nothing_but_unavailable(&gateway, &tokens);
    postgres.start_again().unwrap();
    assert_well_again(&gateway);
    assert_live(gateway.public(), &tokens);
}

#[test]
fn a_directory_file_that_makes_no_sense_stops_the_start_without_postgres_too() {
    let mut postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    postgres.stop().unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.toml");
    std::fs::write(&file, "[[users]]\nname = 'x'\n").unwrap();
    let serve = gateway_on(&address)
        .env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string())
        .command(folder.path())
        .unwrap();
    let output = run_to_end(serve).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("line 2: unknown field `name`"), "{said}");
}

#[test]
fn a_directory_file_that_turns_out_wrong_ends_the_gateway() {
    let mut postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    postgres.stop().unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.toml");
    std::fs::write(
        &file,
        "users = [{ user_name = 'x', organisation = 'nowhere' }]",
    )
    .unwrap();
    let mut gateway = gateway_on(&address)
        .env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string())
        .start()
        .unwrap();
    assert_nothing_but_unavailable(&gateway, &[]);
    postgres.start_again().unwrap();
    assert_eq!(gateway.wait().unwrap().code(), Some(1));
    assert!(gateway.logs("isogloss: directory.import: user x: "));
}

#[test]
fn no_password_of_the_address_is_logged() {
    let mut postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    let gateway = gateway_on(&address)
        .env("ISOGLOSS__LOGGING__LEVEL", "trace")
        .start()
        .unwrap();
    let token = every_token_but_cross_tokens(&gateway);
    postgres.stop().unwrap();
    assert_nothing_but_unavailable(&gateway, &token);
    let ready = Request::get("/readyz").send(gateway.management()).unwrap();
    let (_, rest) = address.split_once("//isogloss:").unwrap();
    let (password, _) = rest.split_once('@').unwrap();
    let log = gateway.log().join("\n");
    assert!(log.contains("postgres directory"), "{log}");
    assert!(!log.contains(password) && !ready.text().contains(password));
}
