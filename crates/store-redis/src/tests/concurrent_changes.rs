//! Changes of one user's tokens that come in between each other.

use futures_util::future::{join_all, try_join_all};
use isogloss_core::store::{Record, SessionLimits, TokenStore as _};
use isogloss_core::{Lineage, Purpose, TokenDigest};
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, digest, record};
use isogloss_testkit::relay::{Connection, Direction, Relay};
use isogloss_testkit::servers::{ClusterServers, RedisServer};
use uuid::Uuid;

use super::{RedisSettings, at, settings};
use crate::RedisStore;

/// What the commands on a user's list have in them.
const LIST: &str = "isogloss:u:";

fn store(url: String, caps: SessionLimits) -> RedisStore {
    let settings = RedisSettings {
        near_cache: 0,
        ..settings(url)
    };
    RedisStore::new(&settings, caps).unwrap()
}

pub(super) fn hold(connection: &Connection) {
    connection.stall(Direction::Requests);
}

pub(super) fn let_go(connection: &Connection) {
    connection.go_on(Direction::Requests);
}

async fn listed(store: &RedisStore, user: Uuid) -> Vec<TokenDigest> {
    let listed = store.list_by_user(user).await.unwrap();
    listed.into_iter().map(|(digest, _)| digest).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_stored_while_its_user_is_removed_stays_listed() {
    let server = RedisServer::start(&[]).unwrap();
    let [login, removal] = [(); 2].map(|()| Relay::to(server.port()).unwrap());
    let [one, other] = [&login, &removal].map(|relay| store(at(relay.port()), CAPS));
    let user = Uuid::new_v4();
    let kept = record(user, NOW, HOUR);
    one.put(digest(1), &kept, NOW).await.unwrap();
    let storing = login.when_sent("isogloss:t:", 1, hold);
    let unlisting = removal.when_sent("ZREM", 1, hold);
    let put = async { one.put(digest(2), &kept, NOW).await.unwrap() };
    let remove = async {
        let storing = storing.await.unwrap();
        let removing = other.remove_user(user);
        let unlisted = async {
            let unlisting = unlisting.await.unwrap();
            // The token is stored and listed after the removal has found that it is not there.
            let_go(&storing);
            while one.get(digest(2)).await.unwrap().is_none()
                || !listed(&one, user).await.contains(&digest(2))
            {
                tokio::task::yield_now().await;
            }
            let_go(&unlisting);
        };
        tokio::join!(removing, unlisted).0.unwrap()
    };
    let (_, removed) = tokio::join!(put, remove);
    assert_eq!(removed, 1);
    assert!(one.get(digest(2)).await.unwrap().is_some());
    assert_eq!(listed(&one, user).await, [digest(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_stored_and_not_yet_listed_is_removed_with_its_user() {
    let server = RedisServer::start(&[]).unwrap();
    let login = Relay::to(server.port()).unwrap();
    let [one, other] = [login.port(), server.port()].map(|port| store(at(port), CAPS));
    let user = Uuid::new_v4();
    let kept = record(user, NOW, HOUR);
    // The server knows the scripts afterwards.
    one.put(digest(1), &record(Uuid::new_v4(), NOW, HOUR), NOW)
        .await
        .unwrap();
    let listing = login.when_sent(LIST, 2, hold);
    let put = async { one.put(digest(2), &kept, NOW).await.unwrap() };
    let remove = async {
        let listing = listing.await.unwrap();
        let removed = other.remove_user(user).await.unwrap();
        let_go(&listing);
        removed
    };
    let (_, removed) = tokio::join!(put, remove);
    assert_eq!(removed, 1);
    assert_eq!(other.get(digest(2)).await.unwrap(), None);
}

/// Returns each cap that can be one: its name, the limits (the cap `kind` is part of the record), and the record of a
/// token that the cap counts. `login` is the digest of the login that the token of the cap `login` comes from.
fn capped_at_one(user: Uuid, login: TokenDigest) -> [(&'static str, SessionLimits, Record); 5] {
    let caps = |per_user, per_client, one_time_per_user| SessionLimits {
        per_user,
        per_client,
        one_time_per_user,
    };
    let issued = record(user, NOW, HOUR);
    let at_client = Record {
        client: Some("tablet".to_owned()),
        ..issued.clone()
    };
    let of_login = Record {
        parent: Some(login),
        lineage: Some(Lineage::of_child(&record(user, NOW, HOUR))),
        ..issued.clone()
    };
    let once = Record {
        purpose: Purpose::Reset,
        ..issued.clone()
    };
    let at_most = Record {
        purpose: Purpose::Remember,
        at_most: Some(1),
        ..at_client.clone()
    };
    [
        ("user", caps(1, 9, 9), issued),
        ("client", caps(9, 1, 9), at_client),
        ("login", caps(9, 1, 9), of_login),
        ("one-time", caps(9, 9, 1), once),
        ("kind", caps(9, 9, 9), at_most),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_at_a_cap_of_one_the_later_one_lives() {
    let server = RedisServer::start(&[]).unwrap();
    let relays = [(); 2].map(|()| Relay::to(server.port()).unwrap());
    for first in [0, 1] {
        let user = Uuid::new_v4();
        for (cap, caps, record) in capped_at_one(user, digest(500)) {
            let stores = [0, 1].map(|index: usize| store(at(relays[index].port()), caps));
            // Both are stored, and one arrives after the other.
            let others = Record {
                user: Uuid::new_v4(),
                ..record.clone()
            };
            stores[0].put(digest(9), &others, NOW).await.unwrap();
            let held = relays
                .each_ref()
                .map(|relay| relay.when_sent(LIST, 2, hold));
            let puts = [0_u16, 1].map(|number| {
                let store = &stores[usize::from(number)];
                let record = &record;
                async move { store.put(digest(number), record, NOW).await.unwrap() }
            });
            let one_by_one = async {
                let held = try_join_all(held).await.unwrap();
                let_go(&held[first]);
                while listed(&stores[0], user).await.is_empty() {
                    tokio::task::yield_now().await;
                }
                let_go(&held[1 - first]);
            };
            let (evicted, ()) = tokio::join!(join_all(puts), one_by_one);
            let later = u16::try_from(1 - first).unwrap();
            assert_eq!(listed(&stores[0], user).await, [digest(later)], "{cap}");
            let evicted: Vec<_> = evicted.into_iter().flatten().collect();
            assert_eq!(evicted, [digest(1 - later)], "{cap}: each is reported once");
            stores[0].remove_user(user).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_at_a_cap_of_one_one_lives_in_a_cluster() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    let user = Uuid::new_v4();
    for (cap, caps, record) in capped_at_one(user, digest(500)) {
        let stores = [(); 2].map(|()| store(servers.url(), caps));
        for _ in 0..20 {
            let puts = (0..6_u16).map(|number| {
                let store = &stores[usize::from(number % 2)];
                let record = &record;
                async move { store.put(digest(number), record, NOW).await.unwrap() }
            });
            let evicted: Vec<_> = join_all(puts).await.into_iter().flatten().collect();
            assert_eq!(evicted.len(), 5, "{cap}: {evicted:?}");
            let left = listed(&stores[0], user).await;
            assert_eq!(left.len(), 1, "{cap}: {left:?}");
            assert!(!evicted.contains(&left[0]), "{cap}");
            stores[0].remove_user(user).await.unwrap();
        }
    }
}
