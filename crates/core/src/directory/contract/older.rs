//! What older releases stored stays, and neither files nor edits fail for it.

use sqlx::{AssertSqlSafe, raw_sql};

use super::postgres::postgres;
use super::postgres_server::Postgres;
use super::{FILE, load};
use crate::directory::{Directory, SqliteDirectory};

async fn hold(directory: &dyn Directory, sql: impl AsyncFn(&str)) {
    load(directory, FILE).await.unwrap();
    a_trace_whose_digest_key_is_gone_decides_nothing(directory, &sql).await;
}

#[tokio::test]
async fn what_older_releases_stored_stays_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("USER", "user").replace("HEX'", "x'");
        let statement = raw_sql(AssertSqlSafe(statement));
        let done = statement.execute(&directory.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    hold(&directory, sql).await;
}

#[tokio::test]
async fn what_older_releases_stored_stays_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    let (_, database) = address.rsplit_once('/').unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("USER", "user_id");
        let statement = statement.replace("HEX'", r"'\x");
        server.sql(database, &statement).unwrap();
    };
    hold(&directory, sql).await;
}

/// A release that knew no erased users removed digest keys without them.
async fn a_trace_whose_digest_key_is_gone_decides_nothing(
    directory: &dyn Directory,
    sql: &impl AsyncFn(&str),
) {
    let digest = "ab".repeat(32);
    sql(&format!(
        "INSERT INTO erased_users (digest, digest_key, erased_at)
         VALUES (HEX'{digest}', HEX'0011223344556677', 0)"
    ))
    .await;
    let new = "[[users]]\nuser_name = 'eve'\norganisation = 'ACME'\npassword = 'pw'";
    assert_eq!(load(directory, new).await.unwrap().created, 1);
}
