//! Closing the file, so that it is whole by itself.

use std::fs;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Error, query};

use super::SqliteDirectory;

/// How long the end waits for those who read from the file at this moment.
const BRIEF: Duration = Duration::from_millis(100);

/// Closes all connections. The last one of all processes takes what is in the write-ahead log into the file.
pub(super) async fn close(directory: &SqliteDirectory) {
    directory.pool.close().await;
    let open = directory.near.as_ref().and_then(|kept| {
        let mut open = kept.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.take()
    });
    if let Some(open) = open {
        // What stays in the log is looked for below.
        let _ = open.close().await;
    }
    if has_log(directory) {
        // If others keep it from that, they take it in when they close the file.
        let _ = take_in(directory).await;
    }
}

/// Whether something is in the log still: another process has the file open, or a connection was dropped by
/// a thread that ended, and may be closed later than this process ends.
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
