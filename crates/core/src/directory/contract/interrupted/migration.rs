//! Migrations of PostgreSQL over connections that fall silent, and ones that only take long.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, raw_sql};

use super::super::postgres::{settings, until};
use super::super::postgres_server::Postgres;
use super::relayed;
use crate::directory::postgres::migrate::migrations;
use crate::directory::{Directory, PostgresDirectory};
use crate::relay::Connection;

const TIMEOUT: Duration = Duration::from_secs(2);

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
    let refusal = PostgresDirectory::migrate(&settings).await.unwrap_err();
    silent.try_recv().unwrap();
    let place = relay.address();
    assert_eq!(
        refusal.to_string(),
        format!(
            "error communicating with database: {place}: the connection has been silent for 1s or longer, and was given up"
        )
    );
    // Its session is ended, so its lock is free.
    PostgresDirectory::migrate(&settings).await.unwrap();
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
