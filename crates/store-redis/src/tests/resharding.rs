//! Slots that move from one server of a cluster to another while tokens are in use.

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{ClusterServers, RedisServer, begin_move, end_move, move_keys};
use uuid::Uuid;

use super::super::keys::{KeyPrefix, Keys};
use super::{settings, store};

/// No server is considered dead, however slow this machine is: slots move, and no server fails.
const PATIENT: [&str; 2] = ["--cluster-node-timeout", "60000"];

/// Returns the key of a token, which for small numbers is text.
fn key(number: u16) -> String {
    let key = Keys::under(KeyPrefix::default()).token(digest(number));
    String::from_utf8(key).unwrap()
}

/// A token's slot on its way from one server to another.
struct Move<'s> {
    from: &'s RedisServer,
    to: &'s RedisServer,
    slot: String,
}

impl Move<'_> {
    /// Starts to move the slot of `self`, and moves the key: the old server still has the slot, the new one has the
    /// key.
    fn begin(&self, key: &str) {
        begin_move(&self.slot, self.from, self.to).unwrap();
        move_keys(&[key.into()], self.from, self.to).unwrap();
    }

    /// Completes the move of the slot of `self`: the new server has the slot and the key, and all primaries know
    /// that.
    fn finish(&self, primaries: &[RedisServer]) {
        end_move(&self.slot, self.from, self.to, primaries).unwrap();
    }
}

fn has(server: &RedisServer, key: &str) -> bool {
    server.ask(&["EXISTS", key]).is_ok_and(|found| found == "1")
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_found_while_their_slot_moves_and_after() {
    let mut servers = ClusterServers::start(None, &PATIENT).unwrap();
    let url = servers.url();
    let servers = servers.servers();
    let store = store(&settings(url));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let tokens = 0..60;
    for number in tokens.clone() {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    for number in tokens {
        let key = key(number);
        let Some(from) = servers[..3].iter().find(|server| has(server, &key)) else {
            continue; // The cap of the user's tokens ended it.
        };
        let to = &servers[usize::from(from.port() == servers[0].port())];
        let slot = from.ask(&["CLUSTER", "KEYSLOT", &key]).unwrap();
        let moving = Move { from, to, slot };

        moving.begin(&key);
        assert_eq!(
            store.get(digest(number)).await.unwrap().as_deref(),
            Some(&kept)
        );
        if number % 2 == 0 {
            assert_eq!(
                store.remove(digest(number)).await.unwrap().as_ref(),
                Some(&kept)
            );
            assert_eq!(store.get(digest(number)).await.unwrap(), None);
        }
        moving.finish(&servers[..3]);
        let taken = store.remove(digest(number)).await.unwrap();
        assert_eq!(taken.is_some(), number % 2 == 1, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_found_and_ended_by_way_of_two_servers_that_name_another() {
    let mut servers = ClusterServers::start(None, &PATIENT).unwrap();
    let url = servers.url();
    let servers = servers.servers();
    let mut settings = settings(url);
    settings.near_cache = 0;
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    let key = key(1);
    let first = servers[..3].iter().position(|server| has(server, &key));
    let first = first.unwrap();
    let [a, b, c] = [0, 1, 2].map(|next| &servers[(first + next) % 3]);
    let slot = a.ask(&["CLUSTER", "KEYSLOT", &key]).unwrap();

    // The client has heard of neither move.
    for (from, to) in [(a, b), (b, c)] {
        let slot = slot.clone();
        let moving = Move { from, to, slot };
        moving.begin(&key);
        if from.port() == a.port() {
            moving.finish(&servers[..3]);
        }
    }
    assert_eq!(store.get(digest(1)).await.unwrap().as_deref(), Some(&kept));
    assert_eq!(store.remove(digest(1)).await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
}
