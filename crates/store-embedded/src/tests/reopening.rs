//! What the store does while the database is closed and opened again, and after that.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{NOW, digest};
use redb::StorageError;

use super::failing_disk::{Failing, Gate, kept};
use crate::database::{ReopenError, ReopenableDatabase};
use crate::writer::Change;
use crate::{EmbeddedStore, tables};

#[tokio::test]
async fn a_lookup_waits_for_a_database_that_is_being_reopened_no_longer_than_its_patience() {
    let (disk, gate) = (Failing::default(), Arc::<Gate>::default());
    let store = EmbeddedStore {
        read_time_limit: Duration::from_millis(1),
        ..disk.store_behind(&gate)
    };
    store.put(digest(1), &kept(), NOW).await.unwrap();
    gate.shut(true);
    disk.change(|disk| disk.failing_syncs = 1);
    store.put(digest(2), &kept(), NOW).await.unwrap_err();
    gate.wait_until_reached();
    let asked = tokio::time::timeout(Duration::from_secs(10), store.get(digest(1)));
    let error = asked.await.expect("the lookup has no limit").unwrap_err();
    assert_eq!(
        error.to_string(),
        "embedded token store: being reopened after the disk failed"
    );
    gate.shut(false);
    store
        .writer
        .apply(|responder| Change::Check { responder })
        .await
        .unwrap();
    assert!(store.get(digest(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_is_found_by_a_small_write_and_closes_nothing() {
    let disk = Failing::default();
    let store = disk.store();
    store.put(digest(1), &kept(), NOW).await.unwrap();
    disk.change(|disk| disk.is_full = true);
    assert!(matches!(store.database.reopen(), Err(ReopenError::Disk(_))));
    assert!(store.get(digest(1)).await.unwrap().is_some());
    let before = disk.used();
    for _ in 0..3 {
        assert!(matches!(store.database.reopen(), Err(ReopenError::Disk(_))));
    }
    assert_eq!(disk.used(), before, "it was opened, read or synced");
    disk.change(|disk| disk.is_full = false);
    store.database.reopen().unwrap();
    store.put(digest(2), &kept(), NOW).await.unwrap();
}

#[test]
fn a_sync_that_fails_again_closes_no_readable_database() {
    let disk = Failing::default();
    let database = ReopenableDatabase::on(disk.behind(&Arc::default()))
        .unwrap()
        .unwrap();
    disk.change(|disk| disk.failing_syncs = usize::MAX);
    let transaction = database.writable().unwrap().begin_write().unwrap();
    tables::probe(&transaction, Some(&[1])).unwrap();
    transaction.commit().unwrap_err();
    assert!(matches!(database.reopen(), Err(ReopenError::Database(_))));
    assert!(database.is_readable());
    let before = disk.used().opened;
    assert!(matches!(database.reopen(), Err(ReopenError::Database(_))));
    assert_eq!(disk.used().opened, before + 1, "only to write it once more");
    assert!(database.is_readable());
}

#[tokio::test]
async fn a_damaged_page_costs_no_lookup_a_commit() {
    let disk = Failing::default();
    let store = disk.store();
    store.put(digest(1), &kept(), NOW).await.unwrap();
    let before = disk.used();
    for _ in 0..3 {
        let damaged = || StorageError::Corrupted("page 7".to_owned());
        let read: Result<(), _> = store.reading(|_| Err(damaged().into())).await;
        let error = read.unwrap_err().to_string();
        assert_eq!(error, "embedded token store: DB corrupted: page 7");
    }
    assert_eq!(disk.used(), before);
}

#[tokio::test]
async fn a_check_of_a_database_that_answers_writes_nothing() {
    let disk = Failing::default();
    let store = disk.store();
    store.put(digest(1), &kept(), NOW).await.unwrap();
    let before = disk.used();
    store
        .writer
        .apply(|responder| Change::Check { responder })
        .await
        .unwrap();
    assert_eq!(disk.used(), before);
    assert!(store.get(digest(1)).await.unwrap().is_some());
}

/// Checks that no acknowledged change is lost by a restart and a crash after a failed sync. The operating system
/// treats data as synced that is not, and does so for the next process, too.
#[tokio::test]
async fn no_acknowledged_change_is_lost_by_a_restart_and_a_crash_after_a_sync_that_failed() {
    let disk = Failing::default();
    let store = disk.store();
    for number in 1..200 {
        store.put(digest(number), &kept(), NOW).await.unwrap();
    }
    disk.change(|disk| disk.failing_syncs = usize::MAX);
    // They are far apart: the later change writes no page once more that was lost.
    store.put(digest(0), &kept(), NOW).await.unwrap_err();
    store.close().await;
    disk.change(|disk| disk.failing_syncs = 0);
    let store = disk.store();
    store.put(digest(200), &kept(), NOW).await.unwrap();
    let store = disk.after_a_crash().store();
    for number in 1..=200 {
        let found = store.get(digest(number)).await.unwrap();
        assert!(found.is_some(), "{number}");
    }
}

#[tokio::test]
async fn only_a_database_that_was_not_closed_in_order_is_written_once_more() {
    let disk = Failing::default();
    let store = disk.store();
    store.put(digest(1), &kept(), NOW).await.unwrap();
    let left_open = disk.after_a_crash();
    store.close().await;
    let closed = disk.after_a_crash();
    for (disk, syncs) in [(closed, 0), (left_open, 1)] {
        let storage = disk.behind(&Arc::default()).open().unwrap();
        assert!(storage.is_some());
        assert_eq!(disk.used().synced, syncs);
    }
}
