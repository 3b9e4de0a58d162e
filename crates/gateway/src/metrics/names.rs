//! The descriptions of all metrics.

use isogloss_core::throttle::BucketKind;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};

use crate::{dialects, sunset};

/// Histograms of durations, in seconds.
pub(crate) const TIMED: [(&str, &str); 4] = [
    (
        "isogloss_authority_duration_seconds",
        "Duration of judgements of passwords, with the wait for a turn, by authority",
    ),
    (
        "isogloss_backend_request_duration_seconds",
        "Duration of calls to back ends until the head of the response, by dialect",
    ),
    (
        "isogloss_http_request_duration_seconds",
        "Duration of requests, by dialect and route",
    ),
    (
        "isogloss_token_store_duration_seconds",
        "Duration of calls to the token store, by operation and outcome",
    ),
];

/// Counters without labels.
const COUNTED: [(&str, &str); 6] = [
    (
        "isogloss_token_uses_unrecorded_total",
        "Token checks whose use the token store did not record",
    ),
    (
        "isogloss_unreadable_records_total",
        "Token records that could not be read",
    ),
    (
        "isogloss_sessions_evicted_total",
        "Sessions that ended because their user had too many",
    ),
    (
        "isogloss_one_time_tokens_used_again_total",
        "Uses of one-time tokens that had been used before",
    ),
    (
        "isogloss_usage_users_left_out_total",
        "Uses of dialects by users that were not recorded, because too many were waiting",
    ),
    (
        "isogloss_recovery_codes_used_total",
        "Recovery codes used instead of a second factor",
    ),
];

/// Gauges without labels.
const LOAD: [(&str, &str); 2] = [
    (
        "isogloss_hashing_queue_length",
        "Logins that wait for a hashing thread",
    ),
    ("isogloss_hashing_threads_busy", "Busy hashing threads"),
];

/// Gauges with labels.
const SIZES: [(&str, &str); 16] = [
    (
        "isogloss_authority_available",
        "1 if an authority could be asked the last time, 0 if not, by authority",
    ),
    (
        "isogloss_synchronisation_success_seconds",
        "When users of an authority were last synchronised, in seconds since 1970, by authority",
    ),
    (
        "isogloss_http_connections",
        "Open client connections, by listener",
    ),
    (
        "isogloss_pool_connections_max",
        "Maximum number of connections to a store's server, by pool",
    ),
    (
        "isogloss_pool_connections_open",
        "Open connections to a store's server, by pool",
    ),
    (
        "isogloss_pool_connections_in_use",
        "Connections to a store's server that are in use, by pool",
    ),
    (
        "isogloss_pool_waiting",
        "Calls that wait for a connection to a store's server, by pool",
    ),
    ("isogloss_near_cache_entries", "Cached tokens and users"),
    (
        "isogloss_users",
        "Users, by authority, whether they are adopted, and state",
    ),
    (
        "isogloss_users_without_password",
        "Those of them without a password here",
    ),
    (
        "isogloss_users_with_foreign_hash",
        "Those of them with a password hash of another system",
    ),
    (
        "isogloss_users_never_logged_in",
        "Those of them for whom no login was recorded",
    ),
    (
        "isogloss_live_tokens",
        "Live tokens of a store in this process, by dialect and purpose",
    ),
    (
        "isogloss_certificate_end_seconds",
        "When the certificate of a listener ends, in seconds since 1970, by section of the configuration",
    ),
    (
        "isogloss_reload_success_seconds",
        "When the configuration was last read successfully, in seconds since 1970",
    ),
    (
        "isogloss_build_info",
        "Always 1; the label is the version of the program",
    ),
];

/// Registers the descriptions of all metrics, and creates the counters that can exist before the first count:
/// to Prometheus, a counter that appears with its first count has not increased.
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
        "Completed requests, by dialect, route, method, status and outcome"
    );
    describe_counter!(
        "isogloss_authority_decisions_total",
        "Judgements of passwords, by authority and decision"
    );
    describe_counter!(
        "isogloss_synchronisations_total",
        "Synchronisations of the users of authorities, by authority and outcome"
    );
    describe_counter!(
        "isogloss_synchronised_users_total",
        "Users whom synchronisations changed, by authority and change"
    );
    describe_counter!(
        "isogloss_reloads_total",
        "Starts and reloads of the configuration, by outcome"
    );
    for outcome in ["done", "failed"] {
        counter!("isogloss_reloads_total", "outcome" => outcome).increment(0);
    }
    describe_counter!(
        "isogloss_backend_requests_total",
        "Calls to back ends, by dialect and outcome"
    );
    describe_counter!(
        "isogloss_audit_lost_total",
        "Events that the audit log lost because its disk or database did not accept them"
    );
    describe_counter!(
        "isogloss_logins_total",
        "Logins, by dialect, outcome and true cause"
    );
    describe_counter!(
        "isogloss_refused_requests_lost_total",
        "Refused requests that were not recorded because the database did not accept them"
    );
    describe_counter!(
        "isogloss_refused_requests_skipped_total",
        "Refused requests that were not recorded because too many came from one client IP"
    );
    describe_counter!(
        "isogloss_access_log_lost_total",
        "Lines that the access log lost because its disk did not accept them"
    );
    describe_counter!(
        "isogloss_near_cache_hits_total",
        "Lookups of tokens and users answered from the cache"
    );
    describe_counter!(
        "isogloss_near_cache_misses_total",
        "Lookups of tokens and users not answered from the cache"
    );
    describe_counter!(
        "isogloss_sunset_refusals_total",
        "Calls refused because their dialect is being retired"
    );
    describe_counter!(
        "isogloss_logins_throttled_total",
        "Logins and e-mails refused after too many attempts"
    );
    for dialect in dialects::names() {
        for why in sunset::REASONS {
            counter!("isogloss_sunset_refusals_total", "dialect" => dialect, "why" => why)
                .increment(0);
        }
        for by in BucketKind::ALL.map(BucketKind::name) {
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
