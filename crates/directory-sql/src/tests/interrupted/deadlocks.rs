//! Deadlocks between transactions.

use futures_util::future::{join, join_all};
use isogloss_core::directory::{AppPasswords as _, Directory, KeyDigest, KnownAppPassword};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, raw_sql};
use time::macros::{date, datetime};

use super::super::postgres::{postgres, until};
use super::super::{FILE, load, load_over};
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;

/// The statement that locks the row of the application password.
const ROW: &str = "SELECT 1 FROM app_passwords FOR UPDATE";

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

/// Waits until this number of sessions wait for a lock.
async fn wait_for_locks(server: &Postgres, database: &str, sessions: usize) {
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    );
    until("they wait for locks", async || {
        server.sql("postgres", &waiting).unwrap() == sessions.to_string()
    })
    .await;
}

/// Checks that a change is made again after the server ended its transaction for a deadlock. The server ends the
/// transaction that detects the deadlock: the one with the shorter `deadlock_timeout`.
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
    raw_sql(ROW).execute(&mut *holder).await.unwrap();
    let closes_the_circle = async {
        wait_for_locks(&server, database, 1).await;
        let lock = raw_sql("LOCK TABLE users IN ROW EXCLUSIVE MODE");
        lock.execute(&mut *holder).await.unwrap();
        holder.rollback().await.unwrap();
    };
    let removal = directory.remove_app_password(ada, digest);
    let (removed, ()) = join(removal, closes_the_circle).await;
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
    let (ada, digest) = with_app_password(&directory, "phone").await;
    let (_, database) = address.rsplit_once('/').unwrap();
    let mut other = PgConnection::connect(&address).await.unwrap();
    let mut holder = other.begin().await.unwrap();
    raw_sql(ROW).execute(&mut *holder).await.unwrap();
    // All need the row, and each starts only when the one before waits.
    let removal = directory.remove_app_password(ada, digest);
    let import = async {
        wait_for_locks(&server, database, 1).await;
        let none = FILE.replace("number = 7\n", "number = 7\napp_passwords = []\n");
        load_over(&directory, &none).await.unwrap();
    };
    let logins = async {
        wait_for_locks(&server, database, 2).await;
        let day = date!(2026 - 11 - 22);
        let noted = join_all((0..2).map(|_| directory.record_app_password_use(ada, digest, day)));
        assert!(noted.await.into_iter().all(|noted| noted.is_ok()));
    };
    let release = async {
        wait_for_locks(&server, database, 4).await;
        holder.rollback().await.unwrap();
    };
    let (removed, ((), ((), ()))) = join(removal, join(import, join(logins, release))).await;
    assert!(removed.unwrap());
    other.close().await.unwrap();
    directory.close().await;
    // A session reports its deadlocks at its end at the latest.
    let sessions = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
    until("all sessions have ended", async || {
        server.sql("postgres", &sessions).unwrap() == "0"
    })
    .await;
    let deadlocks = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'");
    assert_eq!(server.sql("postgres", &deadlocks).unwrap(), "0");
}
