//! The error of requests to Redis.

use isogloss_core::StoreError;

/// Returns a [`StoreError`] of this store with the text of `error`.
pub(super) fn redis_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("redis", error)
}
