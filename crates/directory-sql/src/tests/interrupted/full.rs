//! A SQLite file that cannot grow.

use std::path::Path;

use futures_util::future::try_join_all;
use isogloss_core::directory::Directory;
use sqlx::{AssertSqlSafe, query};

use super::super::{FILE, load};
use crate::SqliteDirectory;

/// The number of connections of the pool.
const CONNECTIONS: usize = 4;

/// Limits the number of pages of the file. A limit below the current number is raised to it.
async fn limit_pages(directory: &SqliteDirectory, pages: u32) {
    let connections = (0..CONNECTIONS).map(|_| directory.pool.acquire());
    let mut connections = try_join_all(connections).await.unwrap();
    for connection in &mut connections {
        let limit = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        query(limit).execute(&mut **connection).await.unwrap();
    }
}

/// Returns a directory file with more users than fit into the free space.
fn many_users() -> String {
    let user = |number| {
        format!("[[users]]\nuser_name = 'many{number}'\norganisation = 'ACME'\npassword = 'pw'\n")
    };
    (0..200).map(user).collect()
}

#[tokio::test]
async fn reads_go_on_and_no_change_is_half_made_while_sqlite_has_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new("directory.db");
    let directory = SqliteDirectory::open(&folder.path().join(file))
        .await
        .unwrap();
    load(&directory, FILE).await.unwrap();
    let before = directory.snapshot().await.unwrap();
    limit_pages(&directory, 1).await;
    let refusal = load(&directory, &many_users()).await.unwrap_err();
    assert!(refusal.contains("database or disk is full"), "{refusal}");
    assert!(directory.account("ada").await.unwrap().is_some());
    assert_eq!(directory.snapshot().await.unwrap(), before);
    limit_pages(&directory, u32::MAX / 2).await;
    load(&directory, &many_users()).await.unwrap();
    assert!(directory.account("many199").await.unwrap().is_some());
}

#[tokio::test]
async fn a_removed_file_is_not_made_again_by_a_running_directory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    load(&directory, FILE).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let findings = directory.health().await.unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(SqliteDirectory::open_existing(&file).await.is_err());
    assert!(!file.exists());
}
