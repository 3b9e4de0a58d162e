//! Backing up, restoring and closing a directory.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use isogloss_core::audit::{Event, EventFilter, EventKind};
use isogloss_core::directory::{BackedUp, NOT_BACKED_UP, TABLES};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, query_scalar};
use time::OffsetDateTime;

use super::*;

const ALL: EventFilter = EventFilter {
    who: None,
    event: None,
    since: None,
    limit: 100_000,
};

/// A backup restores the same entries, whatever was changed since. It can be restored twice.
pub(super) async fn is_put_back(directory: &dyn Directory) {
    load(directory, FILE).await.unwrap();
    let event = Event::new(EventKind::Login, OffsetDateTime::UNIX_EPOCH);
    directory
        .insert_events(vec![Arc::new(event)])
        .await
        .unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user.id;
    user_uses::add_one(directory, ada).await;
    let folder = tempfile::tempdir().unwrap();
    let backed_up = directory.back_up(folder.path()).await.unwrap();
    assert_eq!(backed_up.version, BackedUp::VERSION);
    let users = directory.snapshot().await.unwrap();
    assert_eq!(backed_up.rows["users"], users.users.len() as u64);
    for file in folder.path().read_dir().unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let events = directory.find_events(&ALL).await.unwrap();
    let usage = directory.usage(OffsetDateTime::UNIX_EPOCH).await.unwrap();
    let by_name = user_uses::of_toy(directory).await;
    assert_eq!(by_name.len(), 1);
    let again = directory.back_up(folder.path()).await;
    assert!(again.is_err(), "no file of a backup is written over");

    for _ in 0..2 {
        let added =
            "[[users]]\nuser_name = \"late\"\norganisation = \"ACME\"\npassword = \"l4te\"\n";
        load(directory, added).await.unwrap();
        let ada = directory.account("ada").await.unwrap().unwrap().user;
        directory.set_password(ada.id, "x").await.unwrap();
        let event = Event::new(EventKind::Restore, OffsetDateTime::UNIX_EPOCH);
        directory
            .insert_events(vec![Arc::new(event)])
            .await
            .unwrap();
        directory.restore(folder.path()).await.unwrap();
        assert_eq!(directory.snapshot().await.unwrap(), users);
        assert_eq!(directory.find_events(&ALL).await.unwrap(), events);
        let restored = directory.usage(OffsetDateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(restored.len(), usage.len());
        assert_eq!(user_uses::of_toy(directory).await, by_name);
    }
    let event = Event::new(EventKind::Login, OffsetDateTime::UNIX_EPOCH);
    directory
        .insert_events(vec![Arc::new(event)])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_backup_of_sqlite_is_put_back_and_has_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    is_put_back(&SqliteDirectory::open(&file).await.unwrap()).await;
    let file = format!("sqlite:{}", file.display());
    let mut connection = SqliteConnection::connect(&file).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                  AND name <> '_sqlx_migrations'";
    let tables: Vec<String> = query_scalar(tables)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    has_all(&tables);
}

#[tokio::test]
async fn a_backup_of_postgres_is_put_back_and_has_every_table() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    is_put_back(&postgres(&address)).await;
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'
                  AND tablename <> '_sqlx_migrations'";
    let tables: Vec<String> = query_scalar(tables)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    has_all(&tables);
}

fn has_all(tables: &[String]) {
    let found: BTreeSet<_> = tables.iter().map(String::as_str).collect();
    let listed: BTreeSet<_> = TABLES.into_iter().chain(NOT_BACKED_UP).collect();
    let where_to = "a new table goes into directory::TABLES, or into NOT_BACKED_UP";
    assert_eq!(found, listed, "{where_to}");
}

#[tokio::test]
async fn a_sqlite_file_that_was_closed_is_whole_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let room = NonZeroUsize::new(10).unwrap();
    let directory = directory.with_near_cache(room).await.unwrap();
    load(&directory, FILE).await.unwrap();
    let before = directory.snapshot().await.unwrap();
    directory.close().await;
    assert!(directory.ping().await.is_err());
    assert!(!folder.path().join("directory.db-wal").exists());
    let copy = folder.path().join("copy.db");
    std::fs::copy(file, &copy).unwrap();
    let copy = SqliteDirectory::open(&copy).await.unwrap();
    assert_eq!(copy.snapshot().await.unwrap(), before);
}
