//! Tables of an older release: which migrations are listed, who may apply them, and what stays unchanged.

use std::time::Duration;

use isogloss_core::directory::{
    Change, Directory, MigrationError, Obstacle, Outstanding, Patch, UserEdit,
};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, query};

use super::postgres::settings;
use crate::postgres::migrate as postgres;
use crate::sqlite::tables as sqlite;
use crate::{PostgresDirectory, SqliteDirectory};
use isogloss_testkit::Postgres;

const OLD: i64 = 5;

#[track_caller]
fn assert_from_old(outstanding: &Outstanding) {
    assert_eq!(outstanding.from, OLD);
    let versions: Vec<_> = outstanding.steps.iter().map(|step| step.version).collect();
    let known: Vec<_> = sqlite::migrations()
        .iter()
        .map(|step| step.version)
        .collect();
    let expected: Vec<_> = known.into_iter().filter(|version| *version > OLD).collect();
    assert_eq!(versions, expected);
    assert_eq!(versions.last(), Some(&outstanding.to));
    assert_eq!(outstanding.steps[0].name, "imports");
}

#[tokio::test]
async fn outdated_tables_in_sqlite_are_listed_then_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = options.create_if_missing(true).connect().await.unwrap();
    let steps = sqlite::migrations();
    steps
        .run_direct(Some(OLD), &mut connection, false)
        .await
        .unwrap();
    connection.close().await.unwrap();
    for _ in 0..2 {
        assert_from_old(&SqliteDirectory::outstanding(&file).await.unwrap());
    }
    assert_from_old(&SqliteDirectory::migrate(&file).await.unwrap());
    let again = SqliteDirectory::migrate(&file).await.unwrap();
    assert_eq!((again.from, again.steps.len()), (again.to, 0));
    SqliteDirectory::open(&file).await.unwrap();
}

#[tokio::test]
async fn a_sqlite_file_of_a_newer_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let known = SqliteDirectory::migrate(&file).await.unwrap().to;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = options.connect().await.unwrap();
    query("INSERT INTO _sqlx_migrations VALUES (99, 'newer', 0, TRUE, x'00', 0)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let newer = MigrationError::Newer { found: 99, known };
    assert_eq!(
        SqliteDirectory::outstanding(&file).await,
        Err(newer.clone())
    );
    assert_eq!(SqliteDirectory::migrate(&file).await, Err(newer.clone()));
    let refused = SqliteDirectory::open(&file).await.err().unwrap();
    assert_eq!(refused.to_string(), format!("sqlite directory: {newer}"));
}

/// Returns the address and the name of a database whose tables are from an older release.
async fn outdated(server: &Postgres) -> (String, String) {
    let address = server.new_database().unwrap();
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let steps = postgres::migrations();
    steps
        .run_direct(Some(OLD), &mut connection, false)
        .await
        .unwrap();
    let (_, database) = address.rsplit_once('/').unwrap();
    (address.clone(), database.to_owned())
}

#[tokio::test]
async fn outdated_tables_in_postgres_wait_for_a_role_that_may_change_them() {
    let server = Postgres::start().unwrap();
    let (owner, database) = outdated(&server).await;
    let grants = "CREATE ROLE reader LOGIN PASSWORD 'geheim';
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader";
    server.sql(&database, grants).unwrap();
    let (_, place) = owner.split_once('@').unwrap();
    let reader = format!("postgres://reader:geheim@{place}");
    let limit = Duration::from_secs(10);
    let (owner, reader) = (settings(&owner, limit), settings(&reader, limit));
    assert_from_old(&PostgresDirectory::outstanding(&reader).await.unwrap());

    let directory = PostgresDirectory::new(&reader).unwrap();
    let refused = PostgresDirectory::migrate(&reader).await.unwrap_err();
    assert!(
        matches!(&refused, MigrationError::Denied { from: OLD, obstacle: Obstacle::Role(role), .. } if role == "reader"),
        "{refused}"
    );
    let unavailable = directory.ping().await.unwrap_err().to_string();
    assert_eq!(unavailable, format!("postgres directory: {refused}"));
    assert!(unavailable.contains("run isogloss directory migrate as the role that owns them"));

    assert_from_old(&PostgresDirectory::migrate(&owner).await.unwrap());
    let tables = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader";
    server.sql(&database, tables).unwrap();
    super::postgres::until("it serves", async || directory.ping().await.is_ok()).await;
    server
        .sql(&database, "REVOKE SELECT ON _sqlx_migrations FROM reader")
        .unwrap();
    let refused = PostgresDirectory::outstanding(&reader).await.unwrap_err();
    assert!(
        matches!(refused, MigrationError::Unreadable { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn several_that_migrate_outdated_tables_at_once_are_safe() {
    let server = Postgres::shared().unwrap();
    let (address, _) = outdated(&server).await;
    let settings = settings(&address, Duration::from_secs(30));
    let all = (0..8).map(|_| PostgresDirectory::migrate(&settings));
    for migrated in futures_util::future::join_all(all).await {
        migrated.unwrap();
    }
    let now = PostgresDirectory::outstanding(&settings).await.unwrap();
    assert_eq!((now.from, now.steps.len()), (now.to, 0));
}

/// What gateways of the releases before authorities and before languages read and write of a user.
const RELEASE_BEFORE: [&str; 3] = [
    "UPDATE users SET password_hash = 'by the release before', generation = generation + 1
     WHERE user_name = 'Ada'",
    "INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, ORGANISATION,
                        disabled, password_hash, generation)
     SELECT '6f9619ff-8b86-4011-b42d-00c04fc964ff', 99, 'added', '', '', '', 'LINGUIST', id, FALSE, 'x', 0
     FROM organisations",
    "INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, ORGANISATION,
                        disabled, password_hash, generation)
     SELECT id, number, user_name, 'renamed', last_name, image_url, role, ORGANISATION, disabled, password_hash,
            generation
     FROM users WHERE user_name = 'Ada'
     ON CONFLICT (id) DO UPDATE SET first_name = excluded.first_name",
];

async fn the_release_before_goes_on(directory: &dyn Directory, sql: impl AsyncFn(&str) -> String) {
    super::load(directory, super::FILE).await.unwrap();
    let given = UserEdit {
        authority: Patch::Set("corp".to_owned()),
        external_id: Patch::Set("ada-1".to_owned()),
        ..UserEdit::default()
    };
    let user = directory.account("ada").await.unwrap().unwrap().user.id;
    let edit = Box::new(given);
    directory
        .change(Change::EditUser { user, edit })
        .await
        .unwrap();
    for statement in RELEASE_BEFORE {
        sql(statement).await;
    }
    sql("UPDATE users SET language = 'no tag' WHERE user_name = 'added'").await;
    let found =
        "SELECT count(*) FROM accounts WHERE totp_secret IS NULL AND own_default_unit IS NULL";
    assert_eq!(sql(found).await, "1");
    let ada = directory.linked_account("corp", "ada-1").await.unwrap();
    let ada = ada.unwrap().user;
    assert_eq!((&*ada.user_name, &*ada.first_name), ("Ada", "renamed"));
    assert_eq!(
        ada.language.unwrap().as_str(),
        "de-AT",
        "what they do not know stays"
    );
    let added = directory.snapshot().await.unwrap().users;
    let added = added.iter().find(|user| user.user_name == "added").unwrap();
    assert_eq!(
        (added.link(), added.accepted_at, &added.language),
        (None, None, &None)
    );
}

#[tokio::test]
async fn a_gateway_of_the_release_before_authorities_goes_on_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("ORGANISATION", "organisation");
        let statement = sqlx::query_scalar(sqlx::AssertSqlSafe(statement));
        let found: Option<i64> = statement.fetch_optional(&directory.pool).await.unwrap();
        found.map_or_else(String::new, |found| found.to_string())
    };
    the_release_before_goes_on(&directory, sql).await;
}

#[tokio::test]
async fn a_gateway_of_the_release_before_authorities_goes_on_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = super::postgres::postgres(&address);
    let (_, database) = address.rsplit_once('/').unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("ORGANISATION", "organisation_id");
        server.sql(database, &statement).unwrap()
    };
    the_release_before_goes_on(&directory, sql).await;
}
