//! Users in the near cache of SQLite are valid only until the file changes.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use isogloss_core::UserState;
use isogloss_core::directory::Directory;

use super::{FILE, load};
use crate::SqliteDirectory;

async fn keeping(file: &Path) -> SqliteDirectory {
    let directory = SqliteDirectory::open(file).await.unwrap();
    let room = const { NonZeroUsize::new(1_000).unwrap() };
    directory.with_near_cache(room).await.unwrap()
}

#[tokio::test]
async fn sqlite_that_keeps_users_passes() {
    let folder = tempfile::tempdir().unwrap();
    let directory = keeping(&folder.path().join("directory.db")).await;
    let other = keeping(&folder.path().join("other.db")).await;
    super::the_contract_holds(&directory, &other).await;
    assert!(directory.cache_status().unwrap().misses > 0);
}

/// A change by another process is visible as soon as that process has the result, regardless of concurrent reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_by_another_is_seen_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let other = SqliteDirectory::open(&file).await.unwrap();
    load(&other, FILE).await.unwrap();
    let here = Arc::new(keeping(&file).await);
    let id = here.account("ada").await.unwrap().unwrap().user.id;
    let stop = Arc::new(AtomicBool::default());
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (here, stop) = (Arc::clone(&here), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    here.user(id).await.unwrap().unwrap();
                }
            })
        })
        .collect();
    for round in 0..200 {
        let to = if round % 2 == 0 {
            UserState::Disabled
        } else {
            UserState::Active
        };
        other.set_state(id, to).await.unwrap();
        let seen = here.user(id).await.unwrap().unwrap();
        assert_eq!(seen.state, to, "round {round}");
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let status = here.cache_status().unwrap();
    assert!(status.hits > status.misses, "{status:?}");
}

/// Checks that a directory with a near cache keeps the `-shm` file open: the file is deleted when no process has the
/// database open any more.
#[tokio::test]
async fn who_keeps_users_keeps_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let here = keeping(&file).await;
    load(&here, FILE).await.unwrap();
    let id = here.account("ada").await.unwrap().unwrap().user.id;
    here.user(id).await.unwrap();
    here.pool.close().await;
    let other = SqliteDirectory::open(&file).await.unwrap();
    other.set_state(id, UserState::Disabled).await.unwrap();
    drop(other);
    assert!(folder.path().join("directory.db-shm").exists());
    assert!(here.user(id).await.is_err(), "who is kept is out of date");
}
