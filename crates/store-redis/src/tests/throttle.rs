//! The suite of all throttles, on one server that gateways share.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::SessionLimits;
use isogloss_core::throttle::{ChargeOutcome, Throttle as _};
use isogloss_core::{Clock as _, SystemClock};
use isogloss_store_contract::throttle;
use isogloss_testkit::servers::RedisServer;

use super::at;
use super::single_server::ttls;
use crate::{RedisSettings, RedisStore, RedisThrottle};

pub(super) fn on_redis(server: &RedisServer) -> RedisThrottle {
    let settings = RedisSettings {
        connections: 4,
        timeout: Duration::from_secs(10),
        ..RedisSettings::at(at(server.port()))
    };
    let caps = SessionLimits {
        per_user: 1,
        per_client: 1,
        one_time_per_user: 1,
    };
    RedisStore::new(&settings, caps).unwrap().throttle()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_fulfils_the_contract_and_every_key_ends_by_itself() {
    let server = RedisServer::start(&[]).unwrap();
    let tries = on_redis(&server);
    throttle::fulfil(&tries).await;
    throttle::lists::many_locks_do_not_hide_what_is_not_locked(&tries).await;
    server.ask(&["FLUSHALL"]).unwrap();
    let (bucket, now) = (throttle::bucket(1), SystemClock.now());
    for _ in 0..3 {
        let charged = tries.charge(&bucket, &throttle::BUDGET, now).await;
        charged.unwrap();
    }
    let until = now + throttle::MINUTE;
    let client = tries.remember(throttle::digest(1), throttle::digest(2), until, now);
    client.await.unwrap();
    let ttls = ttls(&server);
    let held = "the bucket, the client, and two parts of three lists";
    assert_eq!(ttls.len(), 8, "{held}");
    assert!(ttls.iter().all(|ttl| *ttl > 0), "{ttls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_on_one_redis_share_the_tries() {
    let server = RedisServer::start(&[]).unwrap();
    let gateways = [on_redis(&server), on_redis(&server)];
    let now = SystemClock.now();
    let bucket = throttle::bucket(1);
    let many = (0..40).map(|number| gateways[number % 2].charge(&bucket, &throttle::BUDGET, now));
    let granted = join_all(many).await.into_iter();
    let granted = granted.filter(|taken| matches!(taken, Ok(ChargeOutcome::Granted(_))));
    assert_eq!(granted.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_grants_nothing() {
    let mut server = RedisServer::start(&[]).unwrap();
    let tries = on_redis(&server);
    server.kill().unwrap();
    let now = SystemClock.now();
    assert!(
        tries
            .charge(&throttle::bucket(1), &throttle::BUDGET, now)
            .await
            .is_err()
    );
    assert!(
        tries
            .knows(throttle::digest(1), throttle::digest(1), now)
            .await
            .is_err()
    );
    server.start_again().unwrap();
    assert!(
        tries
            .charge(&throttle::bucket(1), &throttle::BUDGET, now)
            .await
            .is_ok()
    );
}
