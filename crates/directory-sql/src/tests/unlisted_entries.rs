//! Entries that a file does not name are not counted, not changed, and not even read when it is applied.

use isogloss_core::directory::{Applied, Attribute, Directory};
use sqlx::{AssertSqlSafe, raw_sql};

use super::postgres::postgres;
use super::{FILE, load};
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

/// Statements that make one entry unreadable, and that repair it. The columns and literals in capitals are
/// replaced for each database.
const UNREADABLE: [(&str, &str); 9] = [
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
    (
        "INSERT INTO revoked_keys (realm, digest, revoked_at) VALUES ('here', SHORT, 0)",
        "DELETE FROM revoked_keys WHERE digest = SHORT",
    ),
    (
        "INSERT INTO revoked_app_passwords (USER, digest, revoked_at)
         SELECT id, SHORT, 0 FROM users WHERE user_name = 'bob'",
        "DELETE FROM revoked_app_passwords WHERE digest = SHORT",
    ),
    (
        "UPDATE imported_users SET said = 'x' || said WHERE name = 'bob'",
        "UPDATE imported_users SET said = substr(said, 2) WHERE name = 'bob'",
    ),
];

fn updated(updated: u64, unchanged: u64) -> Applied {
    Applied {
        updated,
        unchanged,
        ..Applied::default()
    }
}

/// Checks that a file that lists one entry changes only that entry. The directory must have other entries.
pub(super) async fn stay_as_they_are(directory: &dyn Directory) {
    let mut expected = directory.snapshot().await.unwrap();
    let counts = [
        expected.organisations.len(),
        expected.users.len(),
        expected.keys.len(),
    ];
    assert!(counts.iter().all(|&count| count > 1), "{counts:?}");

    let (user, key) = (&mut expected.users[1], &mut expected.keys[1]);
    let organisation = &mut expected.organisations[1];
    "Somebody".clone_into(&mut user.first_name);
    user.imported.remove(&Attribute::FirstName);
    "Something".clone_into(&mut key.label);
    organisation.default_unit = None;
    for one in [
        format!(
            "users = [{{ user_name = '{}', first_name = 'Somebody' }}]",
            user.user_name
        ),
        format!(
            "keys = [{{ realm = '{}', digest = '{}', label = 'Something' }}]",
            key.realm,
            key.digest.hex()
        ),
        format!(
            "organisations = [{{ name = '{}', default_unit = '' }}]",
            organisation.name
        ),
    ] {
        assert_eq!(load(directory, &one).await, Ok(updated(1, 0)), "{one}");
    }
    assert_eq!(load(directory, "").await, Ok(Applied::default()));
    assert_eq!(directory.snapshot().await.unwrap(), expected);
}

async fn are_not_read(directory: &dyn Directory, sql: impl AsyncFn(&str)) {
    load(directory, FILE).await.unwrap();
    let bob = FILE.find("[[users]]\nuser_name = \"bob\"").unwrap();
    let keys = FILE.find("[[keys]]").unwrap();
    let named = [&FILE[..bob], &FILE[keys..]].concat();
    for (count, (broken, mended)) in UNREADABLE.into_iter().enumerate() {
        sql(broken).await;
        assert!(directory.snapshot().await.is_err(), "{broken}");
        let name = format!("first_name = \"Ada the {count}.\"");
        let named = named.replace("first_name = \"Ada\"", &name);
        assert_eq!(load(directory, &named).await, Ok(updated(1, 2)), "{broken}");
        sql(mended).await;
    }
    let users = directory.snapshot().await.unwrap().users;
    assert_eq!(users.len(), 2);
    let last = format!("Ada the {}.", UNREADABLE.len() - 1);
    assert_eq!(users[0].first_name, last);
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
