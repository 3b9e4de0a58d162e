//! Stores that can be read but refuse every write: token checks continue, and logouts where the store allows them.

use isogloss_core::throttle::ClientIp;
use isogloss_core::{Lifetime, Session};
use isogloss_store_redis::{RedisSettings, RedisStore};

use super::redis_server::RedisServer;
use super::throttled::LIMITS;
use super::*;

const DAY: Duration = Duration::from_hours(24);
/// The beginning of the errors to which dialects respond with 503.
const UNAVAILABLE: &str = "redis: ";

/// `Auth` on a Redis server, with a token that has a fixed end and one that ends after a time without use. Both
/// were last used so long ago that the next use is recorded.
struct Refused {
    f: Fixture,
    auth: Auth,
    server: RedisServer,
    fixed: Token,
    idle: Token,
}

impl Refused {
    async fn made() -> Self {
        let server = RedisServer::start();
        let settings = RedisSettings::at(server.url());
        let f = fixture().await;
        let auth = f.on_store(Arc::new(RedisStore::new(&settings, CAPS).unwrap()));
        let user = f.user("ada").await;
        let issue = async |lifetime: Lifetime| {
            let terms = Terms::new(Purpose::Access, lifetime);
            auth.issue(HERE, &user, terms).await.unwrap().token
        };
        let fixed = issue(Lifetime::Absolute(DAY)).await;
        let idle = issue(Lifetime::Idle {
            span: DAY,
            at_most: None,
        })
        .await;
        f.clock.advance(HOUR * 2);
        Self {
            f,
            auth,
            server,
            fixed,
            idle,
        }
    }

    async fn check(&self, token: &Token) -> Result<Session, AuthError> {
        self.auth.validate(token, &[Purpose::Access]).await
    }

    /// Checks the tokens while every write is refused, and after writes are allowed again.
    async fn is_checked_without_writes(&self, refuse: &[&[&str]], allow: &[&str]) {
        for words in refuse {
            self.server.ask(words);
        }
        for _ in 0..2 {
            let session = self.check(&self.fixed).await.unwrap();
            assert_eq!(session.record().used_at, session.issued_at());
        }
        let refused = refusal(self.check(&self.idle).await);
        assert!(refused.starts_with(UNAVAILABLE), "{refused}");
        self.server.ask(allow);
        self.f.clock.advance(Duration::from_secs(5));
        let now = self.auth.now();
        for token in [&self.fixed, &self.idle] {
            assert_eq!(self.check(token).await.unwrap().record().used_at, now);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_refuses_no_live_token_with_a_fixed_end_and_no_log_out() {
    let refused = Refused::made().await;
    let user = refused.f.user("ada").await;
    let issue = async || {
        let terms = Terms::new(
            Purpose::Access,
            Lifetime::Idle {
                span: DAY,
                at_most: None,
            },
        );
        refused.auth.issue(HERE, &user, terms).await
    };
    let leaving = issue().await.unwrap().token;
    refused.f.clock.advance(HOUR);
    let full: &[&[&str]] = &[&["CONFIG", "SET", "maxmemory", "1"]];
    let empty = ["CONFIG", "SET", "maxmemory", "0"];
    refused.is_checked_without_writes(full, &empty).await;
    refused.f.clock.advance(HOUR);
    refused.server.ask(full[0]);
    let closed = refused
        .auth
        .revoke(&leaving, Purpose::Access)
        .await
        .unwrap();
    assert_eq!(closed.user.user_name, "ada");
    assert_eq!(refusal(refused.check(&leaving).await), DEAD);
    assert!(refusal(issue().await).starts_with(UNAVAILABLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_replicas_refuse_no_live_token_with_a_fixed_end() {
    let refused = Refused::made().await;
    let needed: &[&[&str]] = &[&["CONFIG", "SET", "min-replicas-to-write", "1"]];
    let not_needed = ["CONFIG", "SET", "min-replicas-to-write", "0"];
    refused.is_checked_without_writes(needed, &not_needed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_saved_refuses_no_live_token_with_a_fixed_end() {
    let refused = Refused::made().await;
    refused.server.lose_folder();
    let unsaved: &[&[&str]] = &[&["CONFIG", "SET", "save", "3600 1"], &["BGSAVE"]];
    for words in unsaved {
        refused.server.ask(words);
    }
    refused
        .server
        .wait_until_info("persistence", "rdb_last_bgsave_status:err");
    refused
        .is_checked_without_writes(&[], &["CONFIG", "SET", "save", ""])
        .await;
}

#[tokio::test]
async fn an_end_that_no_use_moves_any_more_is_a_fixed_one() {
    let refused = Refused::made().await;
    let user = refused.f.user("ada").await;
    let lifetime = Lifetime::Idle {
        span: HOUR * 2,
        at_most: Some(HOUR * 2),
    };
    let terms = Terms::new(Purpose::Access, lifetime);
    let token = refused.auth.issue(HERE, &user, terms).await.unwrap().token;
    refused.f.clock.advance(HOUR);
    refused.server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    refused.check(&token).await.unwrap();
}

#[tokio::test]
async fn missing_replicas_refuse_no_service_whose_key_was_right_at_its_address() {
    let server = RedisServer::start();
    let store = RedisStore::new(&RedisSettings::at(server.url()), CAPS).unwrap();
    let gateway = || guarded_by(Some(LoginThrottle::new(Arc::new(store.throttle()), LIMITS)));
    let address: std::net::IpAddr = "192.0.2.1".parse().unwrap();
    let origin = LoginOrigin::new(HERE, Some(ClientIp::from(address)));
    let shown = gateway()
        .await
        .auth
        .authenticate_key("app-key", &origin)
        .await;
    assert_eq!(shown.unwrap().unwrap().label, "app");
    server.ask(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    // A gateway that has not checked the key itself.
    let other = gateway().await;
    let shown = other.auth.authenticate_key("app-key", &origin).await;
    assert_eq!(shown.unwrap().unwrap().label, "app");
    let unknown = other.auth.authenticate_key("no-key", &origin).await;
    assert!(refusal(unknown).starts_with(UNAVAILABLE));
}
