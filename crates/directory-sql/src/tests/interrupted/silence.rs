//! Connections that become silent while a PostgreSQL directory is in use.

use std::time::Duration;

use futures_util::future::{join, join_all};
use isogloss_core::directory::{AppPasswords as _, Directory};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, raw_sql};
use tokio::time::timeout;

use super::super::postgres::{settings, until};
use super::super::{FILE, load};
use super::relayed;
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;
use isogloss_testkit::relay::Connection;

const TIMEOUT: Duration = Duration::from_secs(2);
/// Many times what giving up silent connections may take, and less than a long query may take.
const LIMIT: Duration = Duration::from_secs(25);

async fn filled(address: &str) -> PostgresDirectory {
    let directory = PostgresDirectory::new(&settings(address, TIMEOUT)).unwrap();
    until("it is filled", async || {
        load(&directory, FILE).await.is_ok()
    })
    .await;
    directory
}

/// Opens all connections that the directory may have.
async fn make_all_connections(directory: &PostgresDirectory, address: &str) {
    let mut holder = PgConnection::connect(address).await.unwrap();
    let mut lock = holder.begin().await.unwrap();
    let statement = raw_sql("LOCK TABLE users");
    statement.execute(&mut *lock).await.unwrap();
    let all_wait = async {
        until("all wait", async || {
            directory
                .connections()
                .is_some_and(|all| all.in_use == all.most)
        })
        .await;
        lock.rollback().await.unwrap();
    };
    let (found, ()) = join(join_all((0..4).map(|_| directory.account("ada"))), all_wait).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
}

#[tokio::test]
async fn connections_that_fall_silent_together_cost_one_time_out() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (relay, through) = relayed(&server, &address);
    let directory = filled(&through).await;
    make_all_connections(&directory, &address).await;
    relay.connections().iter().for_each(Connection::silence);
    let refusal = directory.account("ada").await.unwrap_err().to_string();
    assert!(refusal.ends_with("no answer within 2s"), "{refusal}");
    assert!(directory.account("ada").await.unwrap().is_some());
    make_all_connections(&directory, &address).await;
    relay.connections().iter().for_each(Connection::silence);
    assert!(directory.ping().await.is_err());
    directory.ping().await.unwrap();
}

#[tokio::test]
async fn long_work_does_not_wait_for_free_connections_that_are_silent() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (relay, through) = relayed(&server, &address);
    let directory = filled(&through).await;
    make_all_connections(&directory, &address).await;
    relay.connections().iter().for_each(Connection::silence);
    let read = timeout(LIMIT, directory.snapshot()).await;
    let refusal = read.expect("it waits").unwrap_err().to_string();
    let reason = "no connection has answered within 2s";
    assert!(refusal.ends_with(reason), "{refusal}");
    assert_eq!(directory.snapshot().await.unwrap().users.len(), 2);
    relay.connections().iter().for_each(Connection::silence);
    let applied = timeout(LIMIT, load(&directory, FILE)).await;
    assert!(applied.expect("it waits").is_err());
    load(&directory, FILE).await.unwrap();
}

#[tokio::test]
async fn a_silent_connection_keeps_no_lock_at_the_server() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let (relay, through) = relayed(&server, &address);
    let here = filled(&through).await;
    let there = PostgresDirectory::new(&settings(&address, TIMEOUT)).unwrap();
    let ada = there.account("ada").await.unwrap().unwrap().user;
    let digest = isogloss_core::directory::KeyDigest::of("an application password");
    // This statement is sent while the table of users is locked.
    let mut silent = relay.when_sent("DELETE FROM app_passwords", 1, Connection::silence);
    assert!(here.remove_app_password(ada.id, digest).await.is_err());
    silent.try_recv().unwrap();
    until("another gateway makes a change", async || {
        there.remove_app_password(ada.id, digest).await.is_ok()
    })
    .await;
    assert!(!here.remove_app_password(ada.id, digest).await.unwrap());
}
