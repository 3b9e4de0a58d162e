//! Fills the embedded store with millions of tokens that no request uses.
//!
//! They are written in the order of their digests, so that each commit changes few pages.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use isogloss_core::store::{Record, TokenStore};
use isogloss_core::{Clock as _, Purpose, Realm, SystemClock, TokenDigest};
use isogloss_store_embedded::EmbeddedStore;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::progress::Progress;
use crate::tokens::{CAPS, LIFE, Place};

/// Tokens of each user.
const EACH: usize = 5;
/// Concurrent writes. This is more than share one commit.
const AT_ONCE: usize = 1_024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Adds tokens to a store that no process has open: `nobodys` that only fill it, and `asked` valid ones, which are
/// returned.
pub(super) fn add(
    store: &Path,
    place: &Place,
    nobodys: usize,
    asked: usize,
) -> Result<Vec<String>> {
    Runtime::new()?.block_on(async {
        let store: Arc<dyn TokenStore> = Arc::new(open(store).await?);
        fill_up(store.as_ref(), nobodys).await?;
        place.issue(store, asked).await
    })
}

/// Opens the store. Retries for [`PATIENCE`], since a process that has just ended may still hold the file.
async fn open(file: &Path) -> Result<EmbeddedStore> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match EmbeddedStore::open(file, CAPS) {
            Ok(store) => return Ok(store),
            Err(error) if Instant::now() > deadline => bail!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn fill_up(store: &dyn TokenStore, many: usize) -> Result<()> {
    let one = as_bimplus_has_it();
    let mut progress = Progress::new("tokens in the embedded store", many);
    let step = u64::MAX / (many as u64).max(1);
    let number = |index: usize| index as u64 * step;
    let puts = stream::iter(0..many).map(|index| {
        let user = spread(number(index / EACH * EACH), 0);
        let record = Record {
            user: Uuid::from_bytes(user),
            ..one.clone()
        };
        let digest = TokenDigest::from(spread(number(index), Uuid::new_v4().as_u64_pair().0));
        async move { store.put(digest, &record, record.issued_at).await }
    });
    let mut done = puts.buffer_unordered(AT_ONCE);
    while done.try_next().await?.is_some() {
        progress.add(1);
    }
    Ok(())
}

/// Returns sixteen bytes that sort like `number`.
fn spread(number: u64, rest: u64) -> [u8; 16] {
    Uuid::from_u64_pair(number, rest).into_bytes()
}

/// Returns a record as BIMplus writes it, with a client and an application.
fn as_bimplus_has_it() -> Record {
    let now = SystemClock.now();
    let life = (now, now + LIFE);
    Record {
        generation: 3,
        client: Some("0864b512-1776-4a55-8ee5-2b19d7d9b7ea".to_owned()),
        application: Some("0106c8ba-ad46-7c08-e26f-026852cb7525".to_owned()),
        ..Record::new(Realm::new("bimplus"), Uuid::nil(), Purpose::Access, life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_can_be_added_to_a_store_and_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.redb");
        Runtime::new().unwrap().block_on(async {
            let store = open(&file).await.unwrap();
            fill_up(&store, 1_000).await.unwrap();
            let mut found = 0;
            let mut count = |_, _| {
                found += 1;
                std::ops::ControlFlow::Continue(())
            };
            store.scan(&mut count).await.unwrap();
            assert_eq!(found, 1_000);
        });
    }

    #[test]
    fn bytes_sort_as_numbers_do() {
        assert!(spread(1, u64::MAX) < spread(2, 0));
        assert!(spread(255, 0) < spread(256, 0));
    }
}
