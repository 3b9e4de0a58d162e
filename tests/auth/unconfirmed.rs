//! Calls that failed as unavailable because too few replicas confirmed them can be repeated.

use isogloss_core::store::TokenStore;
use isogloss_store_redis::{RedisSettings, RedisStore};
use redis::{Client, cmd};

use super::redis_server::RedisServer;
use super::*;

/// Two gateways on one Redis server without replicas. The first waits for a replica in vain. The second needs
/// none, as if the replicas had returned.
struct Gateways {
    f: Fixture,
    waiting: Auth,
    confirmed: Auth,
    store: Arc<RedisStore>,
    server: RedisServer,
}

async fn gateways() -> Gateways {
    let f = fixture().await;
    let server = RedisServer::start();
    let store = |wait_replicas| {
        let settings = RedisSettings {
            wait_replicas,
            timeout: Duration::from_millis(300),
            ..RedisSettings::at(server.url())
        };
        Arc::new(RedisStore::new(&settings, CAPS).unwrap())
    };
    let confirmed = store(0);
    Gateways {
        waiting: f.on_store(store(1)),
        confirmed: f.on_store(confirmed.clone()),
        store: confirmed,
        f,
        server,
    }
}

impl Gateways {
    async fn token(&self, terms: Terms) -> IssuedToken {
        let ada = self.f.user("ada").await;
        self.confirmed.issue(HERE, &ada, terms).await.unwrap()
    }
}

fn unavailable<T: std::fmt::Debug>(outcome: &Result<T, AuthError>) {
    assert!(
        matches!(outcome, Err(AuthError::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_that_was_unavailable_is_done_when_it_is_repeated() {
    let g = gateways().await;
    let issued = g.token(Terms::new(Purpose::Access, HOUR)).await;
    let (token, purpose) = (&issued.token, Purpose::Access);
    for _ in 0..2 {
        unavailable(&g.waiting.revoke(token, purpose).await);
        // The token is invalid at both gateways.
        assert_eq!(refusal(g.waiting.validate(token, &[purpose]).await), DEAD);
        assert_eq!(refusal(g.confirmed.validate(token, &[purpose]).await), DEAD);
    }
    let to_end = g
        .confirmed
        .validate_to_end(token, &[purpose])
        .await
        .unwrap();
    assert_eq!(to_end.digest, issued.session.digest);
    assert_eq!(
        refusal(
            g.confirmed
                .validate_to_end(token, &[Purpose::Remember])
                .await
        ),
        DEAD
    );
    let closed = g.confirmed.revoke(token, purpose).await.unwrap();
    assert_eq!(closed.record(), issued.session.record());
    assert_eq!(refusal(g.confirmed.revoke(token, purpose).await), DEAD);
    assert_eq!(
        refusal(g.confirmed.validate_to_end(token, &[purpose]).await),
        DEAD
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_sessions_again_and_they_are_counted() {
    let g = gateways().await;
    let issued = g.token(Terms::new(Purpose::Access, HOUR)).await;
    let by_handle = SessionFilter {
        handle: Some(issued.session.digest),
        ..Default::default()
    };
    unavailable(&g.waiting.end_sessions(&by_handle).await);
    assert_eq!(g.confirmed.end_sessions(&by_handle).await.unwrap(), 1);
    assert_eq!(g.confirmed.end_sessions(&by_handle).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_that_was_unavailable_is_repeated_without_an_alarm() {
    let g = gateways().await;
    let once = g.token(Terms::new(Purpose::Handover, HOUR)).await;
    let (token, purpose) = (&once.token, Purpose::Handover);
    unavailable(&g.waiting.redeem(token, purpose).await);
    unavailable(&g.waiting.redeem(token, purpose).await);
    g.confirmed.redeem(token, purpose).await.unwrap();
    let used = g.store.get(once.session.digest).await.unwrap().unwrap();
    assert_eq!(used.spent.map(|spent| spent.again), Some(false));
    // From here on, another use counts as a second use.
    assert_eq!(refusal(g.confirmed.redeem(token, purpose).await), DEAD);
    let used = g.store.get(once.session.digest).await.unwrap().unwrap();
    assert_eq!(used.spent.map(|spent| spent.again), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_ended_is_not_used_by_repeating() {
    let g = gateways().await;
    let once = g.token(Terms::new(Purpose::Handover, HOUR)).await;
    unavailable(&g.waiting.revoke_by_digest(once.session.digest).await);
    assert_eq!(
        refusal(g.confirmed.redeem(&once.token, Purpose::Handover).await),
        DEAD
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_token_is_usable_again_if_its_parent_could_not_be_looked_up() {
    let g = gateways().await;
    let parent = g.token(Terms::new(Purpose::Access, HOUR)).await.session;
    let terms = Terms::new(Purpose::Handover, HOUR).derived_from(&parent);
    let once = g.token(terms).await.token;
    let key = [b"isogloss:t:", parent.digest.as_bytes().as_slice()].concat();
    let mut server = Client::open(g.server.url()).unwrap();
    let mut ask = |name: &str, arguments: [&[u8]; 2]| {
        let done = cmd(name).arg(&arguments[..]).exec(&mut server);
        done.unwrap();
    };
    // Redis holds a list where the store expects a string, so reading the parent fails.
    ask("RENAME", [&key, b"kept"]);
    ask("RPUSH", [&key, b"x"]);
    unavailable(&g.confirmed.redeem(&once, Purpose::Handover).await);
    ask("DEL", [&key, b"none"]);
    ask("RENAME", [b"kept", &key]);
    let redeemed = g.confirmed.redeem(&once, Purpose::Handover).await;
    assert_eq!(redeemed.unwrap().record().parent, Some(parent.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_token_is_usable_again_if_nothing_could_be_handed_out_for_it() {
    let g = gateways().await;
    let terms = || Terms {
        concurrency: Concurrency::OnePerClient,
        ..Terms::new(Purpose::Access, HOUR)
    };
    // A token that must be ended before the next one is issued, which no replica acknowledges.
    g.token(terms()).await;
    let once = g.token(Terms::new(Purpose::Handover, HOUR)).await;
    for (auth, is_available) in [(&g.waiting, false), (&g.confirmed, true)] {
        let spent = g
            .confirmed
            .redeem(&once.token, Purpose::Handover)
            .await
            .unwrap();
        let terms = Terms {
            redeemed: Some(spent.digest),
            ..terms()
        };
        let issued = auth.issue(HERE, &spent.user, terms).await;
        if !is_available {
            unavailable(&issued);
            continue;
        }
        let made = issued.unwrap();
        let validated = g.confirmed.validate(&made.token, &[Purpose::Access]);
        validated.await.unwrap();
    }
}
