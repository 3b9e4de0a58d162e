//! Slots that move from one server of a cluster to another while tokens are in use.

use super::servers::ClusterServers;
use super::{settings, store};
use crate::store::TokenStore as _;
use crate::store::contract::{HOUR, NOW, digest, record};
use uuid::Uuid;

/// The key of a token, which for small numbers is text.
fn key(number: u16) -> String {
    let key = super::super::token_key(digest(number));
    String::from_utf8(key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_found_while_their_slot_moves_and_after() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let url = servers.url();
    let servers = servers.servers();
    let store = store(&settings(url));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let tokens = 0..60;
    for number in tokens.clone() {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    for number in tokens {
        let Some(owner) = servers[..3].iter().find(|server| {
            server
                .ask(&["EXISTS", &key(number)])
                .is_ok_and(|found| found == "1")
        }) else {
            continue; // The cap of the user's tokens ended it.
        };
        let other = &servers[usize::from(owner.port() == servers[0].port())];
        let slot = owner.ask(&["CLUSTER", "KEYSLOT", &key(number)]).unwrap();
        let [from, to] = [owner, other].map(|one| one.ask(&["CLUSTER", "MYID"]).unwrap());
        other
            .ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from])
            .unwrap();
        owner
            .ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to])
            .unwrap();
        let port = other.port().to_string();
        owner
            .ask(&["MIGRATE", "127.0.0.1", &port, &key(number), "0", "5000"])
            .unwrap();

        // ASK: the old server has the slot, the new one the key.
        assert_eq!(
            store.get(digest(number)).await.unwrap().as_ref(),
            Some(&kept)
        );
        if number % 2 == 0 {
            assert_eq!(
                store.take(digest(number)).await.unwrap().as_ref(),
                Some(&kept)
            );
            assert_eq!(store.get(digest(number)).await.unwrap(), None);
        }
        for server in [other, owner] {
            server
                .ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &to])
                .unwrap();
        }
        // MOVED: the new one has both.
        let taken = store.take(digest(number)).await.unwrap();
        assert_eq!(taken.is_some(), number % 2 == 1, "{number}");
    }
}
