//! Transactions that lock each other out.

use futures_util::future::{join_all, join3};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, raw_sql};
use time::macros::{date, datetime};

use super::super::postgres::{postgres, until};
use super::super::{FILE, load};
use crate::directory::{
    AppPasswords as _, Directory, KeyDigest, KnownAppPassword, PostgresDirectory,
};
use isogloss_testkit::Postgres;

async fn with_app_password(directory: &PostgresDirectory, name: &str) -> (uuid::Uuid, KeyDigest) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let digest = KeyDigest::of(name);
    let password = KnownAppPassword {
        digest,
        realm: "here".to_owned(),
        label: name.to_owned(),
        made_at: datetime!(2026-11-22 09:00 UTC),
        used_on: None,
    };
    directory.add_app_password(ada.id, &password).await.unwrap();
    (ada.id, digest)
}

/// The server ends the transaction that finds the deadlock: the one that waits less patiently.
#[tokio::test]
async fn a_change_that_the_server_ends_for_a_deadlock_is_made_again() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    let (ada, digest) = with_app_password(&directory, "phone").await;
    let before = directory.user(ada).await.unwrap().unwrap().generation;
    let (_, database) = address.rsplit_once('/').unwrap();
    server
        .sql(
            database,
            &format!("ALTER DATABASE {database} SET deadlock_timeout = '1h'"),
        )
        .unwrap();
    let mut other = PgConnection::connect(&address).await.unwrap();
    server
        .sql(
            database,
            &format!("ALTER DATABASE {database} RESET deadlock_timeout"),
        )
        .unwrap();
    let mut holder = other.begin().await.unwrap();
    let row = AssertSqlSafe("SELECT 1 FROM app_passwords FOR UPDATE");
    raw_sql(row).execute(&mut *holder).await.unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    );
    let closes_the_circle = async {
        until("the change waits for the row", async || {
            server.sql("postgres", &waiting).unwrap() == "1"
        })
        .await;
        let lock = raw_sql("LOCK TABLE users IN ROW EXCLUSIVE MODE");
        lock.execute(&mut *holder).await.unwrap();
        holder.rollback().await.unwrap();
    };
    let removal = directory.remove_app_password(ada, digest);
    let (removed, ()) = futures_util::future::join(removal, closes_the_circle).await;
    assert!(removed.unwrap());
    let deadlocks = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'");
    until("the server has counted it", async || {
        server.sql("postgres", &deadlocks).unwrap() == "1"
    })
    .await;
    let after = directory.user(ada).await.unwrap().unwrap().generation;
    assert_eq!(after, before + 1);
}

#[tokio::test]
async fn removals_imports_and_logins_at_once_lock_nothing_out() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    for round in 0..10 {
        let (ada, digest) = with_app_password(&directory, &format!("phone {round}")).await;
        let noted = join_all(
            (0..4).map(|_| directory.note_app_password(ada, digest, date!(2026 - 11 - 22))),
        );
        let imported = load(&directory, FILE);
        let removed = directory.remove_app_password(ada, digest);
        let (noted, imported, removed) = join3(noted, imported, removed).await;
        assert!(noted.into_iter().all(|noted| noted.is_ok()));
        imported.unwrap();
        assert!(removed.unwrap());
    }
    let (_, database) = address.rsplit_once('/').unwrap();
    let deadlocks = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'");
    assert_eq!(server.sql("postgres", &deadlocks).unwrap(), "0");
}
