//! Redis in every topology, and what happens to it there.

mod clock_skew;
mod concurrent_changes;
mod contracts;
mod credentials;
mod failed_logins;
mod failover;
mod health;
mod key_prefixes;
mod last_used;
mod lost_responses;
mod near_cache;
mod pooling;
mod raw_records;
mod replication;
mod resharding;
mod scan;
mod server_errors;
mod server_identity;
mod single_server;
mod throttle;
mod throttle_lists;
mod timeouts;
mod topologies;
mod unreachable;
mod worker_connections;

use std::time::Duration;

use isogloss_store_contract::token_store::CAPS;
use isogloss_testkit::relay::Relay;

use super::{Eviction, RedisSettings, RedisStore};

const PATIENCE: Duration = Duration::from_secs(5);

fn settings(url: impl Into<String>) -> RedisSettings {
    RedisSettings {
        connections: 8,
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        pool_timeout: PATIENCE,
        near_cache: 1_000,
        ..RedisSettings::at(url.into())
    }
}

fn store(settings: &RedisSettings) -> RedisStore {
    RedisStore::new(settings, CAPS).unwrap()
}

fn at(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// Silences the open connections on which `sent` has been sent and `but_not` has not.
fn silence(relay: &Relay, sent: &str, but_not: &str) {
    let mut open = relay.connections();
    open.retain(|one| one.has_sent(sent) && !one.has_sent(but_not));
    assert!(!open.is_empty(), "{sent}");
    for one in open {
        one.silence();
    }
}
