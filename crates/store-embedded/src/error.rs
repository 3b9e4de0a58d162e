//! The meaning of redb's errors for the disk and the database.

use std::error::Error;

use isogloss_core::StoreError;
use redb::{CommitError, StorageError, TableError, TransactionError};

use super::tables;

/// Returns a [`StoreError`] of this store with the text of `error`.
pub(super) fn store_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("embedded token store", error)
}

/// Returns the error of a failed read as a [`StoreError`]. One that is a [`StoreError`] already is returned
/// unchanged.
pub(super) fn read_error(error: tables::Error) -> StoreError {
    match error.downcast::<StoreError>() {
        Ok(error) => *error,
        Err(error) => store_error(error),
    }
}

/// Returns whether redb rejects everything after this error, until the database is opened again.
pub(super) fn needs_reopening(error: &(dyn Error + 'static)) -> bool {
    matches!(
        storage_error(error),
        Some(StorageError::Io(_) | StorageError::PreviousIo | StorageError::DatabaseClosed)
    )
}

fn storage_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e StorageError> {
    if let Some(TransactionError::Storage(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(CommitError::Storage(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(TableError::Storage(error)) = error.downcast_ref() {
        return Some(error);
    }
    error.downcast_ref()
}
