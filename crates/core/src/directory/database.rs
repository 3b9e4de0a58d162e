//! The error of a directory's database, which the rules pass on without knowing the database.

use std::fmt::Display;

use crate::error::StoreError;

/// A database in a transaction.
pub trait Database: Send {
    /// The error of a query that failed.
    type Error: Display + Send;

    /// Returns the error for a failure that has to do with the digest keys and not with the database.
    fn unusable(error: StoreError) -> Self::Error;
}
