//! The database as the directory's rules see it: they pass on its errors without knowing which database it is.

use std::fmt::Display;

use crate::error::StoreError;

/// A database in a transaction.
pub trait Database: Send {
    /// The error of a query that failed.
    type Error: Display + Send;

    /// Returns `error`, a failure of the digest keys and not of the database, as an error of the database.
    fn unusable(error: StoreError) -> Self::Error;
}
