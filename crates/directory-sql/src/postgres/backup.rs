//! The tables as files in the format of `COPY`, and what they hold put back.

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

/// How long a copy may wait for its next part until its connection is taken to be silent.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl PostgresDirectory {
    /// Returns the names of the files that a backup consists of.
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

/// Files of a backup that is not whole yet. They are removed when this is dropped, so that a second attempt
/// finds none.
#[derive(Default)]
struct Unfinished(Vec<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        for file in self.0.drain(..) {
            drop(fs::remove_file(file));
        }
    }
}

/// Writes all tables as one transaction sees them.
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

/// Waits for the next part of a copy, for which no server takes that long.
async fn in_time<T>(part: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(LONGEST_PAUSE, part).await.unwrap_or_else(|_| {
        let reason = format!("the connection has been silent for {LONGEST_PAUSE:?}");
        Err(Error::Io(std::io::Error::new(ErrorKind::TimedOut, reason)))
    })
}

/// The first line names the columns.
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

/// Puts the rows of the files in the place of all that are there. Others wait, and then see them.
pub(super) async fn restore(connection: &mut Session, folder: PathBuf) -> Result<()> {
    let mut transaction = connection.begin().await?;
    unlimited(&mut transaction).await?;
    // Changes take this lock first, and others after it.
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
    // The names go into a statement.
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
