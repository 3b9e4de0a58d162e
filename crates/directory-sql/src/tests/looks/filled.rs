//! Missing looks are stored in a separate transaction before the change that needs them.

use std::time::Duration;

use sqlx::ConnectOptions as _;

use super::super::postgres::{settings, until};
use super::*;
use crate::PostgresDirectory;
use crate::sqlite::tables::migrations;

const BEFORE_LOOKS: i64 = 8;

/// Checks that looks stay stored after a check and after a refused change, in a directory without users.
async fn stay(directory: &dyn Directory, sql: &mut dyn Sql) {
    let organisation = umbrella(uuid::Uuid::new_v4());
    let added = directory.change(Change::AddOrganisation(organisation));
    added.await.unwrap();
    add(directory, "max").await.unwrap();

    sql.run("UPDATE logins SET look = NULL").await;
    let user = person("kim");
    let checked = directory.check(Change::AddUser { user, number: None });
    checked.await.unwrap();
    assert_eq!(
        sql.without_look().await,
        0,
        "a check takes only its change back"
    );

    sql.run("UPDATE logins SET look = NULL").await;
    add(directory, "m\u{430}x").await.unwrap_err();
    assert_eq!(sql.without_look().await, 0, "only the change is refused");
}

#[tokio::test]
async fn looks_stay_stored_though_the_change_is_not_made_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&file);
    let mut sql = options.connect().await.unwrap();
    stay(&directory, &mut sql).await;
}

#[tokio::test]
async fn looks_are_stored_without_the_time_limit_of_a_change_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let limit = Duration::from_secs(2);
    let directory = PostgresDirectory::new(&settings(&address, limit)).unwrap();
    let answers = async || directory.ping().await.is_ok();
    until("the tables are there", answers).await;
    let mut sql = PgConnection::connect(&address).await.unwrap();
    stay(&directory, &mut sql).await;

    sql.run("UPDATE logins SET look = NULL").await;
    for statement in [
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(2.5); RETURN NULL; END $$",
        "CREATE TRIGGER slow AFTER UPDATE OF look ON logins EXECUTE FUNCTION slow()",
    ] {
        sql.run(statement).await;
    }
    assert_eq!(add(&directory, "kim").await, Ok(()));
    assert_eq!(sql.without_look().await, 0);
}

#[tokio::test]
async fn sqlite_tables_are_up_to_date_though_storing_looks_was_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let options = SqliteConnectOptions::new().filename(&file);
    let options = options.create_if_missing(true).foreign_keys(false);
    let mut sql = options.connect().await.unwrap();
    let steps = migrations();
    let taken = steps.run_direct(Some(BEFORE_LOOKS), &mut sql, false);
    taken.await.unwrap();
    for statement in [
        "INSERT INTO logins (login, user) VALUES ('max', 'x'), ('\u{1f600} \"\\', 'x')",
        "CREATE TRIGGER full BEFORE UPDATE ON logins BEGIN SELECT RAISE(ABORT, 'full'); END",
    ] {
        sql.run(statement).await;
    }
    let directory = SqliteDirectory::open(&file).await.unwrap();
    assert_eq!(sql.without_look().await, 2);

    sql.run("DROP TRIGGER full").await;
    let organisation = umbrella(uuid::Uuid::new_v4());
    let added = directory.change(Change::AddOrganisation(organisation));
    added.await.unwrap();
    add(&directory, "kim").await.unwrap();
    assert_eq!(sql.without_look().await, 0);
}
