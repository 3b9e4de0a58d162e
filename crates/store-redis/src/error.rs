//! The error of requests to Redis.

use isogloss_core::StoreError;

/// Returns the error of a request that failed.
pub(super) fn redis_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("redis", error)
}
