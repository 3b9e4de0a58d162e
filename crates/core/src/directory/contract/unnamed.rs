//! Who is not named in a snapshot that is applied is not counted, not changed, and not even read.

use sqlx::{AssertSqlSafe, raw_sql};

use super::postgres::postgres;
use super::postgres_server::Postgres;
use super::{FILE, load};
use crate::directory::{Applied, Directory, Snapshot, SqliteDirectory};

/// What makes one entry unreadable, and what mends it. The columns and literals in capitals differ.
const UNREADABLE: [(&str, &str); 6] = [
    (
        "UPDATE users SET role = 'KING' WHERE user_name = 'bob'",
        "UPDATE users SET role = 'LINGUIST' WHERE user_name = 'bob'",
    ),
    (
        "INSERT INTO access_cards (USER, code_digest, effective)
         SELECT id, SHORT, TRUE FROM users WHERE user_name = 'bob'",
        "DELETE FROM access_cards WHERE code_digest = SHORT",
    ),
    (
        "INSERT INTO recovery_codes (USER, digest, spent)
         SELECT id, SHORT, FALSE FROM users WHERE user_name = 'bob'",
        "DELETE FROM recovery_codes WHERE digest = SHORT",
    ),
    (
        "INSERT INTO app_passwords (USER, realm, digest, label, made_at)
         SELECT id, 'here', SHORT, '', 0 FROM users WHERE user_name = 'bob'",
        "DELETE FROM app_passwords WHERE digest = SHORT",
    ),
    (
        "INSERT INTO replaced_hashes (USER, digest, now)
         SELECT id, SHORT, password_hash FROM users WHERE user_name = 'bob'",
        "DELETE FROM replaced_hashes WHERE digest = SHORT",
    ),
    (
        "INSERT INTO keys (realm, digest, label) VALUES ('here', SHORT, 'test')",
        "DELETE FROM keys WHERE digest = SHORT",
    ),
];

const ONE_UPDATED: Applied = Applied {
    created: 0,
    updated: 1,
    unchanged: 0,
};

/// All of it, beside what is there already.
pub(super) async fn stay_as_they_are(directory: &dyn Directory) {
    let mut expected = directory.snapshot().await.unwrap();
    let counts = [
        expected.organisations.len(),
        expected.users.len(),
        expected.keys.len(),
    ];
    assert!(counts.iter().all(|&count| count > 1), "{counts:?}");

    "Somebody".clone_into(&mut expected.users[1].first_name);
    let user = Snapshot {
        users: vec![expected.users[1].clone()],
        ..Snapshot::default()
    };
    "Something".clone_into(&mut expected.keys[1].label);
    let key = Snapshot {
        keys: vec![expected.keys[1].clone()],
        ..Snapshot::default()
    };
    expected.organisations[1].default_unit = None;
    let organisation = Snapshot {
        organisations: vec![expected.organisations[1].clone()],
        ..Snapshot::default()
    };
    for one in [user, key, organisation] {
        assert_eq!(directory.apply(&one).await.unwrap(), ONE_UPDATED);
    }
    let nothing = directory.apply(&Snapshot::default()).await.unwrap();
    assert_eq!(nothing, Applied::default());
    assert_eq!(directory.snapshot().await.unwrap(), expected);
}

async fn are_not_read(directory: &dyn Directory, sql: impl AsyncFn(&str)) {
    load(directory, FILE).await.unwrap();
    let mut named = directory.snapshot().await.unwrap();
    named.users.retain(|user| user.user_name == "Ada");
    for (count, (broken, mended)) in UNREADABLE.into_iter().enumerate() {
        sql(broken).await;
        assert!(directory.snapshot().await.is_err(), "{broken}");
        named.users[0].first_name = format!("Ada the {count}.");
        let applied = directory.apply(&named).await;
        let applied = applied.unwrap_or_else(|error| panic!("{broken}: {error}"));
        let expected = Applied {
            unchanged: 2,
            ..ONE_UPDATED
        };
        assert_eq!(applied, expected, "{broken}");
        sql(mended).await;
    }
    let users = directory.snapshot().await.unwrap().users;
    assert_eq!(users.len(), 2);
    assert_eq!(users[0], named.users[0]);
}

#[tokio::test]
async fn entries_of_sqlite_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("USER", "user").replace("SHORT", "x'00'");
        let statement = raw_sql(AssertSqlSafe(statement));
        let done = statement.execute(&directory.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    are_not_read(&directory, sql).await;
}

#[tokio::test]
async fn entries_of_postgres_are_not_read() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    let (_, database) = address.rsplit_once('/').unwrap();
    let sql = async |statement: &str| {
        let statement = statement.replace("USER", "user_id");
        let statement = statement.replace("SHORT", r"'\x00'");
        server.sql(database, &statement).unwrap();
    };
    are_not_read(&directory, sql).await;
}
