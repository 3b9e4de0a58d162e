//! Migrations of PostgreSQL over silent connections, and slow migrations.

use std::time::Duration;

use isogloss_core::directory::Directory;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, raw_sql};
use tokio::time::timeout;

use super::super::postgres::{settings, until};
use super::relayed;
use crate::PostgresDirectory;
use crate::postgres::migrate::migrations;
use isogloss_testkit::Postgres;
use isogloss_testkit::relay::Connection;

const TIMEOUT: Duration = Duration::from_secs(2);
/// Many times what giving up a silent connection may take.
const LIMIT: Duration = Duration::from_secs(25);

fn sessions(server: &Postgres, address: &str, rest: &str) -> String {
    let (_, database) = address.rsplit_once('/').unwrap();
    let statement = format!(
        "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE datname = '{database}' {rest}"
    );
    server.sql("postgres", &statement).unwrap()
}

#[tokio::test]
async fn a_migration_whose_connection_falls_silent_is_made_over_another() {
    let server = Postgres::shared().unwrap();
    for step in [
        "to_regclass",
        "pg_advisory_lock",
        "CREATE TABLE organisations",
        "ALTER TABLE logins ADD COLUMN look",
        "pg_advisory_unlock",
        "WHERE look IS NULL",
    ] {
        let address = server.new_database().unwrap();
        let (relay, through) = relayed(&server, &address);
        let mut silent = relay.when_sent(step, 1, Connection::silence);
        let directory = PostgresDirectory::new(&settings(&through, TIMEOUT)).unwrap();
        until("the connection is silent", async || {
            silent.try_recv().is_ok()
        })
        .await;
        until(step, async || directory.ping().await.is_ok()).await;
        let due = PostgresDirectory::outstanding(&settings(&address, TIMEOUT)).await;
        assert_eq!(due.unwrap().steps.len(), 0, "{step}");
    }
}

#[tokio::test]
async fn a_command_says_that_its_connection_fell_silent() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (relay, through) = relayed(&server, &address);
    let mut silent = relay.when_sent("CREATE TABLE organisations", 1, Connection::silence);
    let settings = settings(&through, TIMEOUT);
    let migrated = timeout(LIMIT, PostgresDirectory::migrate(&settings)).await;
    let refusal = migrated.expect("it waits").unwrap_err();
    silent.try_recv().unwrap();
    let place = relay.address();
    assert_eq!(
        refusal.to_string(),
        format!(
            "error communicating with database: {place}: the connection has been silent for 1s or longer, and was given up"
        )
    );
    // The silent session was ended, so its lock is released.
    let migrated = timeout(LIMIT, PostgresDirectory::migrate(&settings)).await;
    migrated.expect("it waits for the lock").unwrap();
}

#[tokio::test]
async fn a_silent_session_is_ended_although_the_first_request_for_that_is_lost() {
    let server = Postgres::shared().unwrap();
    let (relay, through) = relayed(&server, &server.new_database().unwrap());
    let mut silent = relay.when_sent("CREATE TABLE organisations", 1, Connection::silence);
    let mut lost = relay.when_sent("pg_terminate_backend", 1, Connection::silence);
    let settings = settings(&through, TIMEOUT);
    let migrated = timeout(LIMIT, PostgresDirectory::migrate(&settings)).await;
    assert!(migrated.expect("it waits").is_err());
    silent.try_recv().unwrap();
    lost.try_recv().unwrap();
    let migrated = timeout(LIMIT, PostgresDirectory::migrate(&settings)).await;
    migrated.expect("it waits for the lock").unwrap();
}

#[tokio::test]
async fn a_migration_that_takes_long_is_left_alone_and_named_as_the_reason() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let mut older = PgConnection::connect(&address).await.unwrap();
    let steps = migrations();
    steps.run_direct(Some(5), &mut older, false).await.unwrap();
    let mut lock = older.begin().await.unwrap();
    let statement = raw_sql("LOCK TABLE app_passwords");
    statement.execute(&mut *lock).await.unwrap();
    let first = PostgresDirectory::new(&settings(&address, TIMEOUT)).unwrap();
    until("the server works on it", async || {
        let refusal = first.ping().await.unwrap_err().to_string();
        refusal == "postgres directory: the tables are being brought up to date"
    })
    .await;
    let at_work = "AND wait_event = 'relation' AND query_start < now() - interval '4 s'";
    until("it takes longer than anything else may", async || {
        !sessions(&server, &address, at_work).is_empty()
    })
    .await;
    let session = sessions(&server, &address, at_work);
    let second = PostgresDirectory::new(&settings(&address, TIMEOUT)).unwrap();
    until("the other one waits", async || {
        let refusal = second.ping().await.unwrap_err().to_string();
        refusal.ends_with("the tables are being brought up to date by another process")
    })
    .await;
    assert_eq!(sessions(&server, &address, at_work), session);
    lock.rollback().await.unwrap();
    for directory in [first, second] {
        until("it serves", async || directory.ping().await.is_ok()).await;
    }
}

#[tokio::test]
async fn a_silent_migration_is_given_up_although_another_server_answers_in_the_meantime() {
    let (old, new) = (Postgres::start().unwrap(), Postgres::start().unwrap());
    let addresses = [&old, &new].map(|server| server.new_database().unwrap());
    let (relay, _) = relayed(&old, &addresses[0]);
    let mut silent = relay.when_sent("to_regclass", 1, Connection::silence);
    let (user, _) = addresses[0].split_once('@').unwrap();
    let (_, database) = addresses[0].rsplit_once('/').unwrap();
    let (_, new_place) = addresses[1].split_once('@').unwrap();
    let through = relay.address();
    let both = format!("{user}@{through},{new_place}?target_session_attrs=read-write");
    let directory = PostgresDirectory::new(&settings(&both, TIMEOUT)).unwrap();
    until("the connection is silent", async || {
        silent.try_recv().is_ok()
    })
    .await;
    let demote = format!("ALTER DATABASE {database} SET default_transaction_read_only = on");
    old.sql("postgres", &demote).unwrap();
    until("it serves from the next one", async || {
        directory.ping().await.is_ok()
    })
    .await;
    let due = PostgresDirectory::outstanding(&settings(&addresses[1], TIMEOUT)).await;
    assert_eq!(due.unwrap().steps.len(), 0);
    until("no session is left at the old one", async || {
        sessions(&old, &addresses[0], "").is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_silent_migration_is_given_up_although_its_address_leads_to_another_primary() {
    let (old, new) = (Postgres::start().unwrap(), Postgres::start().unwrap());
    let addresses = [&old, &new].map(|server| server.new_database().unwrap());
    let (relay, through) = relayed(&old, &addresses[0]);
    let mut silent = relay.when_sent("to_regclass", 1, Connection::silence);
    let directory = PostgresDirectory::new(&settings(&through, TIMEOUT)).unwrap();
    until("the connection is silent", async || {
        silent.try_recv().is_ok()
    })
    .await;
    relay.lead_to(new.port());
    until("it serves from the new one", async || {
        directory.ping().await.is_ok()
    })
    .await;
    let due = PostgresDirectory::outstanding(&settings(&addresses[1], TIMEOUT)).await;
    assert_eq!(due.unwrap().steps.len(), 0);
}

#[tokio::test]
async fn a_migration_is_left_alone_by_a_server_that_takes_no_more_connections() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (_, database) = address.rsplit_once('/').unwrap();
    let mut older = PgConnection::connect(&address).await.unwrap();
    let steps = migrations();
    steps.run_direct(Some(5), &mut older, false).await.unwrap();
    let mut lock = older.begin().await.unwrap();
    let statement = raw_sql("LOCK TABLE app_passwords");
    statement.execute(&mut *lock).await.unwrap();
    // One connection holds the lock, and one waits for it.
    let two = format!("ALTER DATABASE {database} CONNECTION LIMIT 2");
    server.sql("postgres", &two).unwrap();
    let directory = PostgresDirectory::new(&settings(&address, TIMEOUT)).unwrap();
    let long = "AND wait_event = 'relation' AND query_start < now() - interval '4 s'";
    let mut refusals = Vec::new();
    until("it takes longer than anything else may", async || {
        refusals.push(directory.ping().await.unwrap_err().to_string());
        !sessions(&server, &address, long).is_empty()
    })
    .await;
    refusals.push(directory.ping().await.unwrap_err().to_string());
    for refusal in refusals {
        assert!(refusal.ends_with("no answer within 2s"), "{refusal}");
    }
    lock.rollback().await.unwrap();
    until("it serves", async || directory.ping().await.is_ok()).await;
}
