//! Checks whether the file can be written to.

use std::time::Duration;

use isogloss_core::store::{Finding, Level};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, query};

use super::tables::is_busy;
use crate::row::Result;

/// Returns a warning if the file cannot be written to. Logins and token checks work without writing.
pub(super) async fn of_writes(options: &SqliteConnectOptions) -> Vec<Finding> {
    // A new connection detects what open ones do not: missing permissions and a deleted file.
    let outcome = write(options.clone().busy_timeout(Duration::ZERO)).await;
    let refused = outcome.err().filter(|error| !is_busy(error));
    let finding = refused.map(|error| {
        let text = format!(
            "cannot be written to: {error}: second factors are not accepted, and passwords, users, the \
             audit log and usage are not stored"
        );
        let file = options.get_filename().display();
        let hint = format!(
            "let the gateway's user write to {file} and to its folder, and free the disk"
        );
        Finding::new(Level::Warning, text).with_hint(hint)
    });
    finding.into_iter().collect()
}

/// Writes a row that no import uses, and rolls it back. Fails if the file cannot be written to.
async fn write(options: SqliteConnectOptions) -> Result<()> {
    let mut connection = options.connect().await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    query("INSERT INTO imports (fingerprint) VALUES (?) ON CONFLICT DO NOTHING")
        .bind(&b"probe"[..])
        .execute(&mut *transaction)
        .await?;
    transaction.rollback().await?;
    connection.close().await
}
