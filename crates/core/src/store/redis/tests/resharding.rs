//! Slots that move from one server of a cluster to another while tokens are in use.

use super::super::keys::{KeyPrefix, Keys};
use super::servers::{ClusterServers, Server, wait_until};
use super::{settings, store};
use crate::store::TokenStore as _;
use crate::store::contract::{HOUR, NOW, digest, record};
use uuid::Uuid;

/// Nobody is to be thought dead, however slow this machine is: slots move, and nothing fails.
const PATIENT: [&str; 2] = ["--cluster-node-timeout", "60000"];

/// The key of a token, which for small numbers is text.
fn key(number: u16) -> String {
    let key = Keys::under(KeyPrefix::default()).token(digest(number));
    String::from_utf8(key).unwrap()
}

/// A token's slot on its way from one server to another.
struct Move<'s> {
    from: &'s Server,
    to: &'s Server,
    slot: String,
}

impl Move<'_> {
    /// The old server has the slot, the new one the key.
    fn begin(&self, key: &str) {
        let Self { from, to, slot } = self;
        let [old, new] = [from, to].map(|one| one.ask(&["CLUSTER", "MYID"]).unwrap());
        to.ask(&["CLUSTER", "SETSLOT", slot, "IMPORTING", &old])
            .unwrap();
        from.ask(&["CLUSTER", "SETSLOT", slot, "MIGRATING", &new])
            .unwrap();
        let port = to.port().to_string();
        from.ask(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"])
            .unwrap();
    }

    /// The new server has both, and all primaries are told so: one that is not may take it back.
    ///
    /// Then they come to agree. A server that gets a slot before it has heard of the latest epoch takes
    /// its own for the latest. An older claim to the slot that is still under way then counts for more,
    /// and each of the two servers names the other for good.
    fn finish(&self, primaries: &[Server]) {
        let id = self.to.ask(&["CLUSTER", "MYID"]).unwrap();
        for server in [self.to, self.from].into_iter().chain(primaries) {
            server
                .ask(&["CLUSTER", "SETSLOT", &self.slot, "NODE", &id])
                .unwrap();
        }
        wait_until("the epoch of the new server is the latest", || {
            let latest = epoch(self.to, "my");
            primaries.iter().all(|one| epoch(one, "current") == latest)
        })
        .unwrap();
    }
}

/// A server's own epoch, or the latest one that it has heard of.
pub(super) fn epoch(server: &Server, which: &str) -> String {
    let information = server.ask(&["CLUSTER", "INFO"]).unwrap();
    let name = format!("cluster_{which}_epoch:");
    let mut found = information
        .lines()
        .filter_map(|line| line.strip_prefix(&name));
    found.next().unwrap().to_owned()
}

fn has(server: &Server, key: &str) -> bool {
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
                store.take(digest(number)).await.unwrap().as_ref(),
                Some(&kept)
            );
            assert_eq!(store.get(digest(number)).await.unwrap(), None);
        }
        moving.finish(&servers[..3]);
        let taken = store.take(digest(number)).await.unwrap();
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
    assert_eq!(store.take(digest(1)).await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
}
