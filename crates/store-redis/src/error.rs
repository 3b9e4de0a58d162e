//! The error of everything that Redis is queried for.

use isogloss_core::StoreError;

/// Returns the error of a query that failed.
pub(super) fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("redis", error)
}
