//! Closes the file, so that it is complete without its write-ahead log.

use std::fs;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Error, query};

use super::SqliteDirectory;

/// How long closing waits for current readers of the file.
const BRIEF: Duration = Duration::from_millis(100);

/// Closes all connections. The last connection of all processes copies the write-ahead log into the database file.
pub(super) async fn close(directory: &SqliteDirectory) {
    directory.pool.close().await;
    let open = directory.near.as_ref().and_then(|cache| {
        let mut open = cache.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.take()
    });
    if let Some(open) = open {
        // If closing fails, changes may stay in the log; that is checked below.
        let _ = open.close().await;
    }
    if has_log(directory) {
        // If other processes prevent the checkpoint, they copy the log when they close the file.
        let _ = take_in(directory).await;
    }
}

/// Returns whether the write-ahead log still has content: another process has the file open, or a connection was
/// dropped by a thread that ended, and may be closed only after this process has ended.
fn has_log(directory: &SqliteDirectory) -> bool {
    let mut log = directory.options.get_filename().as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|found| found.len() > 0)
}

async fn take_in(directory: &SqliteDirectory) -> Result<(), Error> {
    let options = directory.options.clone().busy_timeout(BRIEF);
    let mut connection = options.connect().await?;
    query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await
}
