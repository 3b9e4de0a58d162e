//! What the rules for changes need to know of both databases: the error of a query.

use sqlx::{Error, PgConnection, SqliteConnection};

use crate::directory::database::Database;
use crate::directory::desk::Abort;
use crate::error::StoreError;

impl Database for PgConnection {
    type Error = Error;

    fn unusable(error: StoreError) -> Error {
        Error::Configuration(Box::new(error))
    }
}

impl Database for SqliteConnection {
    type Error = Error;

    fn unusable(error: StoreError) -> Error {
        Error::Configuration(Box::new(error))
    }
}

impl From<Error> for Abort<Error> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
