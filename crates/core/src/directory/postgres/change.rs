//! Single changes, each in a transaction of its own.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::write::alone;
use crate::directory::desk::Halt;
use crate::directory::rows::Result;
use crate::directory::{Change, Unfit};

/// Done, or why it makes no sense.
type Done = Result<std::result::Result<(), Unfit>>;

/// Makes a change.
pub(super) async fn make(connection: &mut PgConnection, change: Change) -> Done {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.make(&mut *transaction).await {
        Ok(()) => transaction.commit().await.map(Ok),
        Err(halt) => unfit(halt).map(Err),
    }
}

/// Makes a change and takes it back.
pub(super) async fn check(connection: &mut PgConnection, change: Change) -> Done {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.make(&mut *transaction).await {
        Ok(()) => transaction.rollback().await.map(Ok),
        Err(halt) => unfit(halt).map(Err),
    }
}

fn unfit(halt: Halt) -> Result<Unfit> {
    match halt {
        Halt::Unfit(unfit) => Ok(unfit),
        Halt::Failed(error) => Err(error),
    }
}
