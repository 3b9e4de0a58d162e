//! Views and prepared statements that change while a directory is in use.

use futures_util::future::join_all;
use isogloss_core::directory::{Directory, OrganisationRef, UserFilter};
use secrecy::ExposeSecret as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Error, Executor as _, query, raw_sql};

use super::super::postgres::{postgres, until};
use super::super::{FILE, load};
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

/// More than a pool has connections.
const AT_ONCE: usize = 16;

async fn find_many(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let found = join_all((0..AT_ONCE).map(async |_| {
        let account = directory.account("ada").await.unwrap();
        let user = directory.user(ada.id).await.unwrap();
        (account.unwrap().user, (*user.unwrap()).clone())
    }));
    for (account, user) in found.await {
        assert_eq!((&account, &user), (&ada, &ada));
    }
}

/// Adds a first column to the view, as a later release may do.
async fn widen_the_view(connection: &mut SqliteConnection) {
    let view: String =
        sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE name = 'user_accounts'")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    let wider = view.replacen("SELECT", "SELECT 'new' AS added,", 1);
    let change = format!("DROP VIEW user_accounts; {wider}");
    let change = raw_sql(sqlx::AssertSqlSafe(change));
    connection.execute(change).await.unwrap();
}

#[tokio::test]
async fn a_view_that_is_altered_beneath_sqlite_changes_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    load(&directory, FILE).await.unwrap();
    find_many(&directory).await;
    let other = SqliteConnectOptions::new().filename(&file);
    widen_the_view(&mut other.connect().await.unwrap()).await;
    find_many(&directory).await;
    let users = directory.users(&UserFilter::default(), 0, 10).await;
    assert_eq!(users.unwrap().len(), 2);
    let name = OrganisationRef::Name("ACME");
    assert!(directory.organisation(name).await.unwrap().is_some());
    assert_eq!(directory.snapshot().await.unwrap().users.len(), 2);
}

/// Checks that a panic in the thread of a connection makes a query fail, and never return no row. The driver panics
/// because it indexes its prepared columns by the current number of columns.
#[tokio::test]
async fn a_panic_in_the_thread_of_a_sqlite_connection_is_an_error_and_never_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    load(&directory, FILE).await.unwrap();
    let all = "SELECT * FROM user_accounts";
    for kind in [
        "optional",
        "one",
        "all",
        "execute",
        "connection",
        "transaction",
    ] {
        let ask = async || -> Result<usize, Error> {
            let pool = &directory.pool;
            match kind {
                "optional" => Ok(query(all).fetch_optional(pool).await?.into_iter().count()),
                "one" => query(all).fetch_one(pool).await.map(|_| 1),
                "all" => Ok(query(all).fetch_all(pool).await?.len()),
                "execute" => query(all).execute(pool).await.map(|_| 1),
                "connection" => {
                    let rows = pool.run(async |c| query(all).fetch_all(c).await);
                    Ok(rows.await?.len())
                }
                _ => {
                    let mut transaction = pool.begin().await?;
                    let rows = query(all).fetch_all(&mut *transaction).await?;
                    transaction.rollback().await?;
                    Ok(rows.len())
                }
            }
        };
        let warm = join_all((0..AT_ONCE).map(|_| ask())).await;
        assert!(
            warm.iter()
                .all(|rows| rows.as_ref().is_ok_and(|rows| *rows > 0))
        );
        let other = SqliteConnectOptions::new().filename(&file);
        widen_the_view(&mut other.connect().await.unwrap()).await;
        let failure = ask().await.unwrap_err();
        assert!(matches!(failure, Error::WorkerCrashed), "{kind}: {failure}");
        // The other connections have prepared the statement, too; afterwards, all connections are new.
        until("all connections are new", async || {
            join_all((0..AT_ONCE).map(|_| ask()))
                .await
                .iter()
                .all(Result::is_ok)
        })
        .await;
        find_many(&directory).await;
    }
}

#[tokio::test]
async fn a_view_that_is_altered_beneath_postgres_changes_no_answer() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    find_many(&directory).await;
    let (_, database) = address.rsplit_once('/').unwrap();
    // One column has another type and there is one more: "cached plan must not change result type".
    let alter = "DO $$ DECLARE old text := pg_get_viewdef('user_accounts'); BEGIN
        DROP VIEW user_accounts;
        EXECUTE 'CREATE VIEW user_accounts AS SELECT 1 AS added, '
            || replace(substr(ltrim(old), 7), 'u.user_name,', 'u.user_name::varchar(200) AS user_name,');
        ALTER VIEW user_accounts OWNER TO isogloss;
        END $$";
    server.sql(database, alter).unwrap();
    let kind = "SELECT data_type FROM information_schema.columns
        WHERE table_name = 'user_accounts' AND column_name = 'user_name'";
    assert_eq!(server.sql(database, kind).unwrap(), "character varying");
    find_many(&directory).await;
    assert_eq!(directory.snapshot().await.unwrap().users.len(), 2);
}

#[tokio::test]
async fn statements_that_a_pooler_has_forgotten_are_prepared_again() {
    let server = Postgres::shared().unwrap();
    let directory = postgres(&server.new_database().unwrap());
    load(&directory, FILE).await.unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    directory.set_password(ada.id, "one").await.unwrap();
    let forget = || {
        directory.run_idempotent(|c| {
            let forgotten = raw_sql("DEALLOCATE ALL").execute(&mut **c);
            Box::pin(async move { forgotten.await.map(drop) })
        })
    };
    forget().await.unwrap();
    find_many(&directory).await;
    directory.set_password(ada.id, "one").await.unwrap();
    forget().await.unwrap();
    directory.set_password(ada.id, "two").await.unwrap();
    let account = directory.account("ada").await.unwrap().unwrap();
    assert_eq!(
        account.password_hash.as_ref().unwrap().expose_secret(),
        "two"
    );
    assert_eq!(account.user.generation, ada.generation + 3);
}
