//! Lists of counted attempts in Redis, which are written when the outcome of an attempt is known.

use isogloss_core::throttle::Throttle as _;
use isogloss_core::{TrialStep, TrialVerdict};
use isogloss_store_redis::{RedisSettings, RedisStore};

use super::super::redis_server::RedisServer;
use super::*;

/// Returns `Auth` with a throttle on a Redis server of its own.
async fn on_redis() -> (RedisServer, RedisStore, Fixture) {
    let server = RedisServer::start();
    let store = RedisStore::new(&RedisSettings::at(server.url()), CAPS).unwrap();
    let throttle = Arc::new(store.throttle());
    let f = guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await;
    (server, store, f)
}

/// Returns the names of what is counted for a source, in alphabetical order.
async fn kinds(f: &Fixture, address: &str) -> Vec<&'static str> {
    let address: IpAddr = address.parse().unwrap();
    let filter = ThrottleFilter {
        source: Some(ClientIp::from(address)),
        ..ThrottleFilter::default()
    };
    let found = counted(&f.auth, filter).await;
    let mut kinds: Vec<_> = found.iter().map(|one| one.bucket.kind.name()).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test]
async fn wrong_attempts_of_every_kind_are_listed_and_right_ones_are_not() {
    let (_server, store, f) = on_redis().await;
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
    assert_eq!(kinds(&f, HOME).await, [""; 0]);
    assert_eq!(f.try_from(origin(HOME, None), "ada", "x").await, Wrong);
    assert_eq!(kinds(&f, HOME).await, ["network", "source"]);
    let stranger = "198.51.100.7";
    assert_eq!(f.try_from(origin(stranger, None), "ada", "x").await, Wrong);
    assert_eq!(kinds(&f, stranger).await, ["account", "network", "source"]);
    let other = "203.0.113.1";
    assert_eq!(f.key(other, "no-key").await, Some(false));
    assert_eq!(kinds(&f, other).await, ["key", "key"]);
    let mailed = "2001:db8:1::1";
    let of_mail = origin(mailed, None);
    assert!(f.auth.may_send_email("ada", &of_mail).await.unwrap());
    assert_eq!(kinds(&f, mailed).await, ["letters_of_source"]);
    assert_eq!(f.pass_code("2001:db8:2::1", "card", "0").await, Wrong);
    let coded = f.with_totp("guarded", origin("2001:db8:3::1", None), Some("000000"));
    assert_eq!(coded.await, SecondFactor);
    let all = counted(&f.auth, ThrottleFilter::default()).await;
    for kind in ["known_client", "letters", "card", "code"] {
        let is_listed = all.iter().any(|one| one.bucket.kind.name() == kind);
        assert!(is_listed, "{kind}");
    }
    let of_ada = ThrottleFilter {
        name: Some("ada".to_owned()),
        ..ThrottleFilter::default()
    };
    assert_eq!(counted(&f.auth, of_ada.clone()).await.len(), 3);
    assert_eq!(f.auth.clear_throttle(&of_ada).await.unwrap(), 3);
    let rest = counted(&f.auth, ThrottleFilter::default()).await;
    assert_eq!(rest.len(), all.len() - 3);
    // What is in no list is cleared with all others.
    let (unlisted, now) = (&rest[0].bucket, f.auth.now());
    assert!(store.throttle().reset(unlisted.key).await.unwrap());
    let listed = counted(&f.auth, ThrottleFilter::default()).await;
    assert_eq!(listed.len(), rest.len() - 1);
    let charged = store.throttle().charge(unlisted, &budget(9), now).await;
    charged.unwrap();
    let all = ThrottleFilter::default();
    let cleared = f.auth.clear_throttle(&all).await.unwrap();
    assert_eq!(usize::try_from(cleared).unwrap(), rest.len());
}

#[tokio::test]
async fn a_trial_names_the_locks_that_refuse_the_login_and_no_others() {
    let (_server, _store, f) = on_redis().await;
    let locks = async |address: &str| -> TrialStep {
        let credentials = Credentials {
            origin: origin(address, None),
            ..credentials("ada", "ada-pw")
        };
        f.auth.try_login(&credentials).await.unwrap().swap_remove(0)
    };
    assert_eq!(locks(HOME).await.verdict, TrialVerdict::Passes);
    assert_eq!(f.wrong_tries(&origin(HOME, None), "ada").await, 5);
    // A lock of e-mails refuses no login.
    for _ in 0..2 {
        let elsewhere = origin(ELSEWHERE, None);
        assert!(f.auth.may_send_email("ada", &elsewhere).await.unwrap());
    }
    let step = locks(HOME).await;
    assert_eq!((step.step, step.verdict), ("locks", TrialVerdict::Fails));
    let only_account =
        step.text.starts_with("active for account until") && !step.text.contains(',');
    assert!(only_account, "{}", step.text);
    let step = locks(ELSEWHERE).await;
    assert_eq!(step.verdict, TrialVerdict::Passes, "{}", step.text);
}
