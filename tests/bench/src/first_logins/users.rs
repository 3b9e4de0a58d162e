//! Users with hashes of other systems, as copies of the demo's `sample`.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, query, query_scalar};
use tokio::runtime::Runtime;

const USERS: &str = "
WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, organisation, disabled,
    password_hash, generation)
SELECT printf('%08x-0000-4000-8000-%012x', i * 2654435761 % 4294967296, i), 100000 + i, 'first' || i, '', '', '',
    role, organisation, 0, ?3, generation
FROM n JOIN (SELECT role, organisation, generation FROM users WHERE user_name = 'sample')";
const LOGINS: &str = "
INSERT INTO logins (login, user)
SELECT user_name, id FROM users WHERE number >= 100000 + ?1 AND number < 100000 + ?2";
const NOT_REPLACED: &str = "
SELECT count(*) FROM users
WHERE number >= 100000 + ?1 AND number < 100000 + ?2 AND password_hash NOT LIKE '$2b$%'";

/// Returns the login name of a user.
pub(super) fn name(number: usize) -> String {
    format!("first{number}")
}

/// Creates users with that hash in the SQLite file of a gateway, which may have it open.
pub(super) fn create(file: &Path, numbers: Range<usize>, hash: &str) -> Result<()> {
    let (from, to) = (i64::try_from(numbers.start)?, i64::try_from(numbers.end)?);
    let options = SqliteConnectOptions::new().filename(file);
    Runtime::new()?.block_on(async {
        let mut connection = options.connect().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        query(USERS)
            .bind(from)
            .bind(to)
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        query(LOGINS)
            .bind(from)
            .bind(to)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(connection.close().await?)
    })
}

/// Fails if a user does not have a bcrypt hash.
pub(super) fn check_replaced(file: &Path, numbers: Range<usize>) -> Result<()> {
    let (from, to) = (i64::try_from(numbers.start)?, i64::try_from(numbers.end)?);
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let left: i64 = Runtime::new()?.block_on(async {
        let mut connection = options.connect().await?;
        let left = query_scalar(NOT_REPLACED).bind(from).bind(to);
        let left = left.fetch_one(&mut connection).await?;
        connection.close().await?;
        anyhow::Ok(left)
    })?;
    ensure!(left == 0, "{left} hashes were not replaced at a login");
    Ok(())
}
