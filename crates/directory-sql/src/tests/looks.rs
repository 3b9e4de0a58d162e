//! Login names that look like another user's are rejected in files and changes, and stored ones are listed.

mod filled;

use std::path::Path;

use async_trait::async_trait;
use isogloss_core::directory::file::{File, import};
use isogloss_core::directory::{Change, Directory, Patch, UserEdit};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, query, query_scalar};

use super::changes::{person, umbrella};
use super::postgres::postgres;
use super::{alike, invisible, load, passwords};
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

/// "raoul" with a Cyrillic character, and "zoé" in two normal forms.
const CYRILLIC_O: &str = "ra\u{43e}ul";
const NFC: &str = "zo\u{e9}";
const NFD: &str = "zoe\u{301}";

pub(super) fn entry(name: &str, more: &str) -> String {
    format!(
        "[[users]]\nuser_name = '{name}'\norganisation = 'Umbrella'\npassword = 'looked-upon'\n{more}\n"
    )
}

pub(super) async fn add(directory: &dyn Directory, name: &str) -> Result<(), String> {
    let user = person(name);
    let added = directory.change(Change::AddUser { user, number: None });
    added.await.map(drop).map_err(|error| error.to_string())
}

pub(super) async fn edit(
    directory: &dyn Directory,
    name: &str,
    edit: UserEdit,
) -> Result<(), String> {
    let user = directory.account(name).await.unwrap().unwrap().user.id;
    let edit = Box::new(edit);
    let edited = directory.change(Change::EditUser { user, edit });
    edited.await.map(drop).map_err(|error| error.to_string())
}

/// Direct access to the tables, to write them as a release without looks does.
#[async_trait]
pub(super) trait Sql: Send {
    async fn run(&mut self, statement: &str);

    /// Counts the logins whose look is not stored.
    async fn without_look(&mut self) -> i64;
}

const WITHOUT_LOOK: &str = "SELECT count(*) FROM logins WHERE look IS NULL";

#[async_trait]
impl Sql for SqliteConnection {
    async fn run(&mut self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        query(statement).execute(self).await.unwrap();
    }

    async fn without_look(&mut self) -> i64 {
        query_scalar(WITHOUT_LOOK).fetch_one(self).await.unwrap()
    }
}

#[async_trait]
impl Sql for PgConnection {
    async fn run(&mut self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        query(statement).execute(self).await.unwrap();
    }

    async fn without_look(&mut self) -> i64 {
        query_scalar(WITHOUT_LOOK).fetch_one(self).await.unwrap()
    }
}

#[tokio::test]
async fn look_alikes_are_refused_and_listed_by_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let directory = SqliteDirectory::open(&file("directory.db")).await.unwrap();
    let other = SqliteDirectory::open(&file("other.db")).await.unwrap();
    let options = SqliteConnectOptions::new().filename(file("directory.db"));
    let mut sql = SqliteConnection::connect_with(&options).await.unwrap();
    hold(&directory, &other, &mut sql).await;
}

#[tokio::test]
async fn look_alikes_are_refused_and_listed_by_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let other = postgres(&server.new_database().unwrap());
    let directory = postgres(&address);
    directory.ping().await.unwrap();
    let mut sql = PgConnection::connect(&address).await.unwrap();
    hold(&directory, &other, &mut sql).await;
}

/// Runs all checks of names that look alike, and of invisible characters. `directory` and `other` are empty.
async fn hold(directory: &dyn Directory, other: &dyn Directory, sql: &mut dyn Sql) {
    let organisation = umbrella(uuid::Uuid::new_v4());
    let added = directory.change(Change::AddOrganisation(organisation));
    added.await.unwrap();
    look_alikes_are_refused_at_each_door(directory).await;
    rows_of_a_release_without_looks_are_seen(directory, sql).await;
    names_of_an_earlier_release_are_found_and_listed(directory, sql).await;
    an_export_with_look_alikes_makes_the_same_directory(directory, other).await;
    alike::organisations_that_look_alike_are_refused_and_listed(directory, sql).await;
    invisible::hold(directory, sql).await;
}

async fn look_alikes_are_refused_at_each_door(directory: &dyn Directory) {
    add(directory, "raoul").await.unwrap();
    let reason = format!("the login {CYRILLIC_O} (ra\\u{{43e}}ul) looks like raoul, of user raoul");
    assert_eq!(add(directory, CYRILLIC_O).await, Err(reason.clone()));
    let by_file = load(directory, &entry(CYRILLIC_O, "")).await.map(drop);
    assert_eq!(by_file, Err(format!("user {CYRILLIC_O}: {reason}")));
    let two = [entry("m\u{e4}rz", ""), entry("m\u{430}\u{308}rz", "")].concat();
    let by_file = load(directory, &two).await.map(drop);
    assert_eq!(
        by_file.unwrap_err(),
        "user m\u{4d3}rz: the login m\u{4d3}rz (m\\u{4d3}rz) looks like m\u{e4}rz (m\\u{e4}rz), \
         of user m\u{e4}rz"
    );

    // ASCII names are not look-alikes, and a user's own address may look like the user's name.
    for name in ["paul", "pau1", "rnop", "mop", "max"] {
        add(directory, name).await.unwrap();
    }
    add(directory, "kim").await.unwrap();
    let renamed = UserEdit {
        user_name: Some(CYRILLIC_O.to_uppercase()),
        ..UserEdit::default()
    };
    assert_eq!(edit(directory, "kim", renamed).await, Err(reason));
    let address = UserEdit {
        email: Patch::Set("raoul@example.com".to_owned()),
        ..UserEdit::default()
    };
    edit(directory, "raoul", address).await.unwrap();
    let address = UserEdit {
        email: Patch::Set(format!("{CYRILLIC_O}@example.com")),
        ..UserEdit::default()
    };
    let refused = edit(directory, "kim", address).await.unwrap_err();
    assert_eq!(
        refused,
        format!(
            "the login {CYRILLIC_O}@example.com (ra\\u{{43e}}ul@example.com) looks like \
             raoul@example.com, of user raoul"
        )
    );
    let own = UserEdit {
        user_name: Some(format!("{CYRILLIC_O}@example.com")),
        ..UserEdit::default()
    };
    edit(directory, "raoul", own).await.unwrap();
    assert_eq!(directory.look_alikes().await.unwrap(), []);
}

/// Checks that a name is refused that looks like one whose look is not stored: a gateway of an earlier release may
/// write to the same directory.
async fn rows_of_a_release_without_looks_are_seen(directory: &dyn Directory, sql: &mut dyn Sql) {
    sql.run("UPDATE logins SET look = NULL").await;
    let refused = add(directory, "m\u{430}x").await;
    let expected = "the login m\u{430}x (m\\u{430}x) looks like max, of user max";
    assert_eq!(refused, Err(expected.to_owned()));
    sql.run("UPDATE logins SET look = NULL").await;
    let refused = load(directory, &entry("m\u{430}x", "")).await.map(drop);
    assert_eq!(refused, Err(format!("user m\u{430}x: {expected}")));
}

/// Checks that names that look alike or are one name in two spellings, as a release without these rules stored them,
/// are found and listed.
async fn names_of_an_earlier_release_are_found_and_listed(
    directory: &dyn Directory,
    sql: &mut dyn Sql,
) {
    for name in ["old-nfc", "old-nfd", "old-look"] {
        add(directory, name).await.unwrap();
    }
    for (name, old) in [("old-nfd", NFD), ("old-look", "m\u{430}x")] {
        for (table, column) in [("users", "user_name"), ("logins", "login")] {
            let change = format!("UPDATE {table} SET {column} = '{old}' WHERE {column} = '{name}'");
            sql.run(&change).await;
        }
    }
    sql.run("UPDATE logins SET look = NULL").await;
    // With one stored form, both spellings find it.
    let stored = directory.account(NFD).await.unwrap().unwrap().user;
    assert_eq!(stored.user_name, NFD);
    let found = directory.account(NFC).await.unwrap().unwrap().user;
    assert_eq!(found.id, stored.id);
    // With two stored forms, each spelling finds its own.
    for (table, column) in [("users", "user_name"), ("logins", "login")] {
        let change = format!("UPDATE {table} SET {column} = '{NFC}' WHERE {column} = 'old-nfc'");
        sql.run(&change).await;
    }
    for name in [NFC, NFD, "m\u{430}x", "max"] {
        let user = directory.account(name).await.unwrap().unwrap().user;
        assert_eq!(user.user_name, name);
        let edited = UserEdit {
            last_name: Some("Old".to_owned()),
            ..UserEdit::default()
        };
        edit(directory, name, edited).await.unwrap();
    }
    add(directory, "fills-in-looks").await.unwrap();
    let found = directory.look_alikes().await.unwrap();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "max of user max and m\u{430}x (m\\u{430}x) of user m\u{430}x look alike",
            "zoe\u{301} (zoe\\u{301}) of user zoe\u{301} and zo\u{e9} (zo\\u{e9}) of user zo\u{e9} are one name",
        ]
    );
}

async fn an_export_with_look_alikes_makes_the_same_directory(
    directory: &dyn Directory,
    other: &dyn Directory,
) {
    let mut exported = directory.snapshot().await.unwrap();
    let hash = passwords().hash("looked-upon".into()).await.unwrap();
    for user in &mut exported.users {
        user.password_hash = Some(hash.clone());
    }
    let marked = exported.users.iter().filter(|user| user.grandfathered);
    let mut marked: Vec<_> = marked.map(|user| user.user_name.as_str()).collect();
    marked.sort_unstable();
    assert_eq!(marked, ["max", "m\u{430}x", NFD, NFC]);
    let text = serde_json::to_string(&exported).unwrap();
    let file = File::parse(Path::new("export.json"), &text).unwrap();
    import(other, &passwords(), file, |_| {}).await.unwrap();
    let names = |users: Vec<isogloss_core::directory::UserEntry>| {
        let marks = users
            .into_iter()
            .map(|user| (user.user_name, user.grandfathered));
        marks.collect::<Vec<_>>()
    };
    let copied = other.snapshot().await.unwrap();
    assert_eq!(names(copied.users), names(exported.users));
}
