//! Backs up the tables as files in the format of `COPY`, and restores them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use isogloss_core::create_private_file;
use isogloss_core::directory::{BackedUp, TABLES};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Error, query, query_scalar};
use tokio::time::timeout;

use super::session::Session;
use super::write::{alone, unlimited};
use crate::PostgresDirectory;
use crate::row::Result;

/// How long a copy may wait for its next part before its connection is considered silent.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl PostgresDirectory {
    /// Returns the names of the files of a backup.
    pub fn backup_files() -> Vec<String> {
        TABLES.map(name_of).into()
    }
}

fn name_of(table: &str) -> String {
    format!("directory.{table}.copy")
}

fn file_of(folder: &Path, table: &str) -> PathBuf {
    folder.join(name_of(table))
}

/// The files of an incomplete backup. They are deleted when this is dropped, so that they are not in the way of a
/// second attempt.
#[derive(Default)]
struct Unfinished(Vec<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        for file in self.0.drain(..) {
            drop(fs::remove_file(file));
        }
    }
}

/// Writes all tables, as one transaction sees them, to files in `folder`, and returns their numbers of rows.
/// Fails, and leaves no files, if one exists already or cannot be written, or if a query fails.
pub(super) async fn write(connection: &mut PgConnection, folder: PathBuf) -> Result<BackedUp> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let mut rows = BTreeMap::new();
    let mut files = Unfinished::default();
    for table in TABLES {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = query_scalar(count).fetch_one(&mut *transaction).await?;
        rows.insert(table.to_owned(), count.unsigned_abs());
        copy_out(&mut transaction, table, file_of(&folder, table), &mut files).await?;
    }
    transaction.commit().await?;
    files.0.clear();
    Ok(BackedUp::of(rows))
}

/// Waits for the next part of a copy, and returns it. Fails if it takes so long that the connection must be
/// silent.
async fn in_time<T>(part: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(LONGEST_PAUSE, part).await.unwrap_or_else(|_| {
        let reason = format!("the connection has been silent for {LONGEST_PAUSE:?}");
        Err(Error::Io(std::io::Error::new(ErrorKind::TimedOut, reason)))
    })
}

/// Copies a table to a file, whose first line contains the names of the columns. Fails if the file exists already
/// or cannot be written, or if a query fails.
async fn copy_out(
    connection: &mut PgConnection,
    table: &str,
    path: PathBuf,
    files: &mut Unfinished,
) -> Result<()> {
    let file = create_private_file(&path)?;
    let mut file =
        BufWriter::new(file.ok_or_else(|| std::io::Error::from(ErrorKind::AlreadyExists))?);
    files.0.push(path);
    let columns = columns(connection, table).await?.join(", ");
    writeln!(file, "{columns}")?;
    let copy = format!("COPY {table} ({columns}) TO STDOUT");
    let mut lines = connection.copy_out_raw(&copy).await?;
    while let Some(chunk) = in_time(lines.try_next()).await? {
        file.write_all(&chunk)?;
    }
    file.flush()?;
    Ok(())
}

async fn columns(connection: &mut PgConnection, table: &str) -> Result<Vec<String>> {
    query_scalar(
        "SELECT quote_ident(attname) FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// Replaces all rows with those of the files in `folder`. Concurrent queries wait, and then see the new rows.
/// Fails, and changes nothing, if a file cannot be read or a query fails.
pub(super) async fn restore(connection: &mut Session, folder: PathBuf) -> Result<()> {
    let mut transaction = connection.begin().await?;
    unlimited(&mut transaction).await?;
    // Taken first, because changes also take this lock before others. A different order could end in a deadlock.
    alone(&mut transaction).await?;
    let truncate = AssertSqlSafe(format!("TRUNCATE {}", TABLES.join(", ")));
    query(truncate).execute(&mut *transaction).await?;
    for table in TABLES {
        copy_in(&mut transaction, table, &file_of(&folder, table)).await?;
    }
    query("SELECT setval(pg_get_serial_sequence('audit', 'id'), max(id)) FROM audit")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

async fn copy_in(connection: &mut PgConnection, table: &str, file: &Path) -> Result<()> {
    let mut file = BufReader::new(File::open(file)?);
    let mut named = String::new();
    file.read_line(&mut named)?;
    let named: Vec<_> = named.trim_end().split(", ").collect();
    let known = columns(connection, table).await?;
    // The names become part of an SQL statement, so unknown ones are rejected.
    if let Some(stranger) = named
        .iter()
        .find(|name| !known.iter().any(|known| known == *name))
    {
        return Err(Error::ColumnNotFound((*stranger).to_owned()));
    }
    let copy = format!("COPY {table} ({}) FROM STDIN", named.join(", "));
    let mut copy = connection.copy_in_raw(&copy).await?;
    let sent = async {
        loop {
            let chunk = file.fill_buf()?;
            if chunk.is_empty() {
                return Ok(());
            }
            let length = chunk.len();
            in_time(copy.send(chunk)).await?;
            file.consume(length);
        }
    };
    match sent.await {
        Ok(()) => copy.finish().await.map(drop),
        Err(error) => {
            copy.abort("the file cannot be read").await?;
            Err(error)
        }
    }
}
