//! Changes that are retried automatically take effect only once.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::audit::{AuditTable as _, Event, EventFilter, EventKind};
use isogloss_core::directory::{Directory, Enrolments as _, KeyDigest};
use sqlx::{AssertSqlSafe, query_scalar, raw_sql};
use time::macros::datetime;

use super::super::postgres::{postgres, settings, until};
use super::super::{FILE, load};
use super::fate::Fate;
use super::relayed;
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;

const ALL_EVENTS: EventFilter = EventFilter {
    who: None,
    event: None,
    since: None,
    limit: 100,
};

#[tokio::test]
async fn a_recovery_code_is_accepted_although_the_session_has_forgotten_a_statement() {
    let server = Postgres::shared().unwrap();
    let directory = postgres(&server.new_database().unwrap());
    load(&directory, FILE).await.unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user.id;
    let codes = ["one", "two", "three"].map(KeyDigest::of);
    assert!(directory.set_recovery_codes(ada, &codes).await.unwrap());
    let left = directory.use_recovery_code(ada, codes[0]).await;
    assert_eq!(left.unwrap(), Some(2));
    let forgotten = directory.run_idempotent(|c| {
        Box::pin(async move {
            let name: String = query_scalar(
                "SELECT name FROM pg_prepared_statements
                 WHERE statement LIKE 'SELECT count(*) FROM recovery_codes%'",
            )
            .fetch_one(&mut **c)
            .await?;
            let forget = AssertSqlSafe(format!("DEALLOCATE {name}"));
            raw_sql(forget).execute(&mut **c).await.map(drop)
        })
    });
    forgotten.await.unwrap();
    let left = directory.use_recovery_code(ada, codes[1]).await;
    assert_eq!(left.unwrap(), Some(1));
    let left = directory.use_recovery_code(ada, codes[1]).await;
    assert_eq!(left.unwrap(), None);
}

#[tokio::test]
async fn a_directory_with_one_connection_makes_a_second_attempt() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let mut settings = settings(&address, Duration::from_secs(10));
    settings.connections = 1;
    let directory = PostgresDirectory::new(&settings).unwrap();
    load(&directory, FILE).await.unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    directory.set_password(ada.id, "one").await.unwrap();
    for _ in 0..2 {
        let forgotten = directory.run_idempotent(|c| {
            let forgotten = raw_sql("DEALLOCATE ALL").execute(&mut **c);
            Box::pin(async move { forgotten.await.map(drop) })
        });
        forgotten.await.unwrap();
        directory.set_password(ada.id, "two").await.unwrap();
    }
}

#[tokio::test]
async fn a_backup_that_fails_at_its_second_attempt_names_the_reason_and_leaves_no_file() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    let (_, database) = address.rsplit_once('/').unwrap();
    let conflict = "CREATE FUNCTION conflict() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'canceling statement due to conflict with recovery' USING ERRCODE = '40001'; END $$;
        CREATE POLICY conflict ON users USING (conflict());
        ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY";
    server.sql(database, conflict).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refusal = directory.back_up(folder.path()).await.unwrap_err();
    let refusal = refusal.to_string();
    assert!(refusal.contains("conflict with recovery"), "{refusal}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    let no_conflict = "ALTER TABLE users DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY";
    server.sql(database, no_conflict).unwrap();
    let users = directory.back_up(folder.path()).await.unwrap().rows["users"];
    assert_eq!(users, 2);
}

#[tokio::test]
async fn events_whose_answer_is_lost_are_kept_once() {
    let server = Postgres::shared().unwrap();
    for fate in Fate::ALL {
        let address = server.new_database().unwrap();
        let (relay, address) = relayed(&server, &address);
        let settings = settings(&address, Duration::from_secs(2));
        let directory = PostgresDirectory::new(&settings).unwrap();
        until("it serves", async || directory.ping().await.is_ok()).await;
        let event = Event::new(EventKind::Login, datetime!(2026-11-22 09:00 UTC));
        // Two equal events are both stored.
        let events: Vec<_> = [event.clone(), event].map(Arc::new).into();
        directory.insert_events(events.clone()).await.unwrap();
        let mut applied = relay.when_sent("COMMIT", 1, fate.act());
        let kept = directory.insert_events(events.clone()).await;
        applied.try_recv().unwrap();
        assert_eq!(kept.is_ok(), fate.lets_arrive(), "{fate:?}: {kept:?}");
        if kept.is_err() {
            directory.insert_events(events).await.unwrap();
        }
        let kept = directory.find_events(&ALL_EVENTS).await.unwrap();
        assert_eq!(kept.len(), 4, "{fate:?}");
    }
}
