//! What each metric tells, wherever it is counted.

use isogloss_core::throttle::Kind;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};

use crate::{dialects, sunset};

/// What is timed, in seconds.
pub(crate) const TIMED: [(&str, &str); 2] = [
    (
        "isogloss_http_request_duration_seconds",
        "How long requests took, by dialect and route",
    ),
    (
        "isogloss_token_store_duration_seconds",
        "How long calls of the token store took, by operation and whether it answered",
    ),
];

/// Counters without labels.
const COUNTED: [(&str, &str); 5] = [
    (
        "isogloss_token_uses_unrecorded_total",
        "Checks of tokens that were answered though the token store did not record the use",
    ),
    (
        "isogloss_unreadable_records_total",
        "Records of tokens that were found and could not be read",
    ),
    (
        "isogloss_sessions_evicted_total",
        "Live sessions that ended because their user had too many",
    ),
    (
        "isogloss_one_time_tokens_used_again_total",
        "Uses of one-time tokens that had been used before",
    ),
    (
        "isogloss_recovery_codes_used_total",
        "Recovery codes that were used in place of a second factor",
    ),
];

/// Gauges without labels.
const LOAD: [(&str, &str); 2] = [
    (
        "isogloss_hashing_queue_length",
        "Logins that wait for a hashing thread",
    ),
    ("isogloss_hashing_threads_busy", "Hashing threads at work"),
];

/// Gauges with labels.
const SIZES: [(&str, &str); 7] = [
    (
        "isogloss_http_connections",
        "Connections of clients that are open, by listener",
    ),
    (
        "isogloss_pool_connections_max",
        "Connections to a store's server at the most, by pool",
    ),
    (
        "isogloss_pool_connections_open",
        "Connections to a store's server, by pool",
    ),
    (
        "isogloss_pool_connections_in_use",
        "Connections to a store's server that are in use, by pool",
    ),
    (
        "isogloss_pool_waiting",
        "Calls that wait for a connection to a store's server, by pool",
    ),
    (
        "isogloss_near_cache_entries",
        "Tokens and users that are kept in the process after a lookup",
    ),
    (
        "isogloss_build_info",
        "Always 1; the version that runs is a label",
    ),
];

/// Tells what all of them mean, and shows those that can be before anything is counted: a counter that
/// comes into being has not risen, as Prometheus sees it.
pub(crate) fn describe() {
    for (name, what) in TIMED {
        describe_histogram!(name, metrics::Unit::Seconds, what);
    }
    for (name, what) in COUNTED {
        describe_counter!(name, what);
        counter!(name).increment(0);
    }
    describe_counter!(
        "isogloss_http_requests_total",
        "Requests that were answered, by dialect, route, method, status and outcome"
    );
    describe_counter!(
        "isogloss_audit_lost_total",
        "Events that the audit log lost because its disk or database did not take them"
    );
    describe_counter!(
        "isogloss_near_cache_hits_total",
        "Lookups of tokens and users that were answered in the process"
    );
    describe_counter!(
        "isogloss_near_cache_misses_total",
        "Lookups of tokens and users that were not"
    );
    describe_counter!(
        "isogloss_sunset_refusals_total",
        "Calls that were refused because their dialect is being retired"
    );
    describe_counter!(
        "isogloss_logins_throttled_total",
        "Logins and letters that were refused because there had been too many tries"
    );
    for dialect in dialects::names() {
        for why in sunset::WHY {
            counter!("isogloss_sunset_refusals_total", "dialect" => dialect, "why" => why)
                .increment(0);
        }
        for by in Kind::ALL.map(Kind::name) {
            counter!("isogloss_logins_throttled_total", "dialect" => dialect, "by" => by)
                .increment(0);
        }
    }
    for (name, what) in LOAD {
        describe_gauge!(name, what);
        gauge!(name).set(0);
    }
    for (name, what) in SIZES {
        describe_gauge!(name, what);
    }
}
