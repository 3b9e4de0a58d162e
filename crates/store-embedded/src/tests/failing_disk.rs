//! A disk that is full, or that loses data that it has confirmed.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use isogloss_core::store::{Record, TokenStore as _};
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, digest, record};
use redb::{Durability, StorageBackend};
use uuid::Uuid;

use super::super::EmbeddedStore;
use super::super::database::{ReopenError, ReopenableDatabase};
use super::super::disk::Disk;

/// What the operating system shows, and what is on the disk.
#[derive(Debug, Default)]
pub(super) struct Content {
    shown: Vec<u8>,
    kept: Vec<u8>,
    /// What was written since the last sync, successful or not: offset and length.
    dirty: Vec<(usize, usize)>,
    pub(super) is_full: bool,
    pub(super) failing_syncs: usize,
    /// How often it was opened, read from and synced.
    used: Used,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) opened: usize,
    pub(super) read: usize,
    pub(super) synced: usize,
}

/// What can keep a disk from being opened.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    is_shut: bool,
    is_reached: bool,
}

impl Gate {
    pub(super) fn shut(&self, is_shut: bool) {
        self.state.lock().unwrap().is_shut = is_shut;
        self.changed.notify_all();
    }

    /// Waits until a thread waits at the closed gate.
    pub(super) fn wait_until_reached(&self) {
        let state = self.state.lock().unwrap();
        let reached = self.changed.wait_while(state, |state| !state.is_reached);
        drop(reached.unwrap());
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_reached = state.is_shut;
        self.changed.notify_all();
        let passed = self.changed.wait_while(state, |state| state.is_shut);
        drop(passed.unwrap());
    }
}

/// A disk as Linux has it: after a sync that failed, what was written is shown and never written again.
#[derive(Debug, Clone, Default)]
pub(super) struct Failing(Arc<Mutex<Content>>);

impl Failing {
    pub(super) fn used(&self) -> Used {
        self.0.lock().unwrap().used
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.0.lock().unwrap());
    }

    /// Returns the disk as it is after the machine has lost its power: only with what was synced.
    pub(super) fn after_a_crash(&self) -> Self {
        let kept = self.0.lock().unwrap().kept.clone();
        let content = Content {
            shown: kept.clone(),
            kept,
            ..Content::default()
        };
        Self(Arc::new(Mutex::new(content)))
    }

    pub(super) fn store(&self) -> EmbeddedStore {
        self.store_behind(&Arc::default())
    }

    /// Returns a store that waits for the gate whenever it opens the disk.
    pub(super) fn store_behind(&self, gate: &Arc<Gate>) -> EmbeddedStore {
        let opened = ReopenableDatabase::on(self.behind(gate)).unwrap().unwrap();
        EmbeddedStore::start(opened, Durability::Immediate, CAPS).unwrap()
    }

    pub(super) fn behind(&self, gate: &Arc<Gate>) -> Disk {
        let (disk, probed, gate) = (self.clone(), self.clone(), Arc::clone(gate));
        let open = move || -> io::Result<Box<dyn StorageBackend>> {
            gate.pass();
            disk.change(|disk| disk.used.opened += 1);
            Ok(Box::new(disk.clone()))
        };
        let probe = move || {
            if probed.0.lock().unwrap().is_full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        };
        Disk::with(open, probe)
    }
}

fn range(offset: u64, length: usize) -> std::ops::Range<usize> {
    let offset = usize::try_from(offset).unwrap();
    offset..offset + length
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().shown.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        content.used.read += 1;
        let shown = content.shown.get(range(offset, out.len()));
        let shown = shown.ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(shown);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let length = usize::try_from(len).unwrap();
        let mut content = self.0.lock().unwrap();
        content.shown.resize(length, 0);
        content.kept.resize(length, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        content.used.synced += 1;
        let dirty = std::mem::take(&mut content.dirty);
        if content.failing_syncs > 0 {
            content.failing_syncs -= 1;
            return Err(io::Error::from_raw_os_error(5));
        }
        let Content { shown, kept, .. } = &mut *content;
        for (offset, length) in dirty {
            let range = offset..offset + length;
            kept[range.clone()].copy_from_slice(&shown[range]);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        if content.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let range = range(offset, data.len());
        content.dirty.push((range.start, range.len()));
        let shown = content.shown.get_mut(range);
        let shown = shown.ok_or(io::ErrorKind::UnexpectedEof)?;
        shown.copy_from_slice(data);
        Ok(())
    }
}

pub(super) fn kept() -> Record {
    record(Uuid::new_v4(), NOW, HOUR)
}

/// Stores a token as soon as the store accepts one. Fails the test after 10 seconds.
async fn put_later(store: &EmbeddedStore, number: u16) {
    let put = async {
        while store.put(digest(number), &kept(), NOW).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, put).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_change_is_lost_by_a_crash_after_a_sync_that_failed() {
    for failing_syncs in [1, 2] {
        let disk = Failing::default();
        let store = disk.store();
        for number in 0..50 {
            store.put(digest(number), &kept(), NOW).await.unwrap();
        }
        disk.change(|disk| disk.failing_syncs = failing_syncs);
        let refused = store.put(digest(100), &kept(), NOW).await;
        assert!(refused.is_err(), "it is not on the disk");
        put_later(&store, 200).await;
        store.remove(digest(0)).await.unwrap();
        let store = disk.after_a_crash().store();
        for number in (1..50).chain([200]) {
            let found = store.get(digest(number)).await.unwrap();
            assert!(found.is_some(), "{number} after {failing_syncs}");
        }
        assert_eq!(store.get(digest(0)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_disk_keeps_nothing_can_be_read_and_is_well_again_later() {
    let disk = Failing::default();
    let store = disk.store();
    for number in [1, 3] {
        store.put(digest(number), &kept(), NOW).await.unwrap();
    }
    disk.change(|disk| disk.failing_syncs = usize::MAX);
    let refused = store.remove(digest(1)).await.unwrap_err().to_string();
    assert!(refused.starts_with("embedded token store: "), "{refused}");
    assert!(store.put(digest(2), &kept(), NOW).await.is_err());
    assert!(store.get(digest(3)).await.unwrap().is_some());
    disk.change(|disk| disk.failing_syncs = 0);
    put_later(&store, 2).await;
    let store = disk.after_a_crash().store();
    for number in [2, 3] {
        assert!(store.get(digest(number)).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_changes_and_no_lookup() {
    let disk = Failing::default();
    let store = Arc::new(disk.store());
    for number in 0..50 {
        store.put(digest(number), &kept(), NOW).await.unwrap();
    }
    disk.change(|disk| disk.is_full = true);
    let changing = Arc::clone(&store);
    let changing = tokio::spawn(async move {
        for number in 0..20 {
            let taken = changing.remove(digest(number)).await;
            assert!(taken.is_err());
            // Long enough for the next one to be tried at the disk.
            if number % 10 == 9 {
                tokio::time::sleep(Duration::from_millis(1_100)).await;
            }
        }
    });
    while !changing.is_finished() {
        for number in 0..50 {
            let found = store.get(digest(number)).await;
            assert!(found.unwrap().is_some(), "{number}");
        }
        tokio::task::yield_now().await;
    }
    changing.await.unwrap();
    disk.change(|disk| disk.is_full = false);
    put_later(&store, 100).await;
    let ended = store.remove(digest(0)).await.unwrap();
    assert!(
        ended.is_some(),
        "a logout that was refused must be repeated"
    );
    assert_eq!(store.get(digest(0)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_emptied_is_not_a_store_without_tokens() {
    let disk = Failing::default();
    let store = disk.store();
    store.put(digest(1), &kept(), NOW).await.unwrap();
    disk.change(|disk| {
        disk.shown.clear();
        disk.kept.clear();
        disk.dirty.clear();
    });
    let empty = "embedded token store: the file is empty, restore it from a backup";
    let Err(ReopenError::Database(reopened)) = store.database.reopen() else {
        panic!("it was opened, or the disk is to blame");
    };
    assert_eq!(reopened.to_string(), empty);
    let asked = store.get(digest(1)).await;
    assert_eq!(asked.unwrap_err().to_string(), empty);
}
