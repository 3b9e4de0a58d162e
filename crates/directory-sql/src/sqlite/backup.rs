//! Backs up the database file as a copy, and restores its rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isogloss_core::directory::{BackedUp, TABLES};
use isogloss_core::{StoreError, create_private_file};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Error, query, query_scalar};

use super::{SqliteDirectory, failed};

/// The name of the copy, a complete SQLite database.
const FILE: &str = "directory.db";

/// Writes a copy of the database to `folder`, and returns its numbers of rows. Other connections may write to the
/// database at the same time. Fails if the copy exists already or cannot be written.
pub(super) async fn write(
    directory: &SqliteDirectory,
    folder: &Path,
) -> Result<BackedUp, StoreError> {
    let file = folder.join(FILE);
    // `VACUUM INTO` accepts an empty file, but no other existing file.
    if create_private_file(&file).map_err(failed)?.is_none() {
        return Err(failed(format_args!("{} is there already", file.display())));
    }
    query("VACUUM INTO ?")
        .bind(text(&file)?)
        .execute(&directory.pool)
        .await
        .map_err(failed)?;
    counted(&file).await.map(BackedUp::of).map_err(failed)
}

impl SqliteDirectory {
    /// Returns the names of the files of a backup.
    pub fn backup_files() -> Vec<String> {
        vec![FILE.to_owned()]
    }

    /// Checks the copy in a folder without changing it.
    ///
    /// # Errors
    /// If it is not a complete database of a directory.
    pub async fn check_backup(folder: &Path) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new().filename(folder.join(FILE));
        let options = options.read_only(true).immutable(true);
        let check = async {
            let mut copy = options.connect().await?;
            let found: String = query_scalar("PRAGMA quick_check(1)")
                .fetch_one(&mut copy)
                .await?;
            // Every release has these tables.
            query("SELECT 1 FROM users, logins, organisations LIMIT 1")
                .execute(&mut copy)
                .await?;
            copy.close().await?;
            Ok::<_, Error>(found)
        };
        match check.await.map_err(failed)?.as_str() {
            "ok" => Ok(()),
            found => Err(failed(found)),
        }
    }
}

async fn counted(file: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut copy = options.connect().await?;
    let mut rows = BTreeMap::new();
    for table in TABLES {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = query_scalar(count).fetch_one(&mut copy).await?;
        rows.insert(table.to_owned(), count.unsigned_abs());
    }
    copy.close().await?;
    Ok(rows)
}

/// Replaces all rows with those of the copy in `folder`. The copy may be from an earlier release: the migrations
/// are applied to a temporary copy of it. Fails, and changes nothing, if the copy cannot be read or written back.
pub(super) async fn restore(directory: &SqliteDirectory, folder: &Path) -> Result<(), StoreError> {
    let room = tempfile::tempdir().map_err(failed)?;
    let file = room.path().join(FILE);
    std::fs::copy(folder.join(FILE), &file).map_err(failed)?;
    SqliteDirectory::open(&file).await?.pool.close().await;
    let file = text(&file)?;
    let mut connection = directory.options.connect().await.map_err(failed)?;
    let restored = replace(&mut connection, file).await.map_err(failed);
    connection.close().await.map_err(failed)?;
    restored
}

async fn replace(connection: &mut SqliteConnection, file: String) -> Result<(), Error> {
    query("ATTACH ? AS copy")
        .bind(file)
        .execute(&mut *connection)
        .await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    query("PRAGMA defer_foreign_keys = ON")
        .execute(&mut *transaction)
        .await?;
    for table in TABLES.iter().rev() {
        let delete = AssertSqlSafe(format!("DELETE FROM main.{table}"));
        query(delete).execute(&mut *transaction).await?;
    }
    for table in TABLES {
        let columns = columns(&mut transaction, table).await?;
        let insert = AssertSqlSafe(format!(
            "INSERT INTO main.{table} ({columns}) SELECT {columns} FROM copy.{table}"
        ));
        query(insert).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    query("DETACH copy").execute(connection).await.map(drop)
}

/// Returns the quoted names of the columns that a table has in the copy, separated by commas. The directory's own
/// table may have more, from a later release. Fails if the query fails.
async fn columns(connection: &mut SqliteConnection, table: &str) -> Result<String, Error> {
    let quoted = "SELECT '\"' || name || '\"' FROM pragma_table_info(?, 'copy') ORDER BY cid";
    let columns: Vec<String> = query_scalar(quoted)
        .bind(table)
        .fetch_all(connection)
        .await?;
    Ok(columns.join(", "))
}

fn text(file: &Path) -> Result<String, StoreError> {
    let file = PathBuf::from(file).into_os_string().into_string();
    file.map_err(|file| failed(format_args!("{}: not UTF-8", file.display())))
}
