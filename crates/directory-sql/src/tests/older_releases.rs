//! Entries that older releases stored stay, and neither files nor edits fail because of them.

use isogloss_core::Role;
use isogloss_core::directory::file::Import;
use isogloss_core::directory::{Applied, Change, Directory, Precedence, UserEdit, UserEntry};
use sqlx::{AssertSqlSafe, raw_sql};

use super::changes::person;
use super::postgres::postgres;
use super::{FILE, file, load, passwords};
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

async fn hold(directory: &dyn Directory, other: &dyn Directory, sql: impl AsyncFn(&str)) {
    load(directory, FILE).await.unwrap();
    a_trace_whose_digest_key_is_gone_decides_nothing(directory, &sql).await;
    units_stay_as_they_were_stored(directory, other, &sql).await;
    an_organisation_is_found_as_it_was_stored(directory, &sql).await;
    a_card_is_found_as_it_was_stored(directory, &sql).await;
    what_was_set_here_is_told_from_what_a_file_said(directory, &sql).await;
    no_number_ends_the_next_ones(directory, &sql).await;
}

#[tokio::test]
async fn what_older_releases_stored_stays_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    let other = SqliteDirectory::open(&folder.path().join("other.db")).await;
    let sql = async |statement: &str| {
        let statement = statement
            .replace("USER", "user")
            .replace("OWNER", "organisation")
            .replace("HEX'", "x'");
        let statement = raw_sql(AssertSqlSafe(statement));
        let done = statement.execute(&directory.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    hold(&directory, &other.unwrap(), sql).await;
}

#[tokio::test]
async fn what_older_releases_stored_stays_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    let other = postgres(&server.new_database().unwrap());
    let (_, database) = address.rsplit_once('/').unwrap();
    let sql = async |statement: &str| {
        let statement = statement
            .replace("USER", "user_id")
            .replace("OWNER", "organisation_id")
            .replace("HEX'", r"'\x");
        server.sql(database, &statement).unwrap();
    };
    hold(&directory, &other, sql).await;
}

/// Checks that a tombstone whose digest key is missing prevents no import and is not exported. A release without
/// erased users removed digest keys but not the tombstones that were made with them.
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
    let brought = format!("erased_users = ['0011223344556677:{digest}']");
    let reason = "is made with a digest key that is neither in the file nor in the directory";
    assert_eq!(
        load(directory, &brought).await,
        Err(format!("erased_users, 0011223344556677: {reason}"))
    );
    let exported = directory.snapshot().await.unwrap();
    assert_eq!(exported.erased_users, [], "an export could not be imported");
}

fn unchanged(unchanged: u64) -> Applied {
    Applied {
        unchanged,
        ..Applied::default()
    }
}

async fn entry(directory: &dyn Directory, name: &str) -> UserEntry {
    let users = directory.snapshot().await.unwrap().users;
    users
        .into_iter()
        .find(|user| user.user_name == name)
        .unwrap()
}

async fn edit(directory: &dyn Directory, name: &str, edit: UserEdit) {
    let user = entry(directory, name).await.id;
    let edit = Box::new(edit);
    directory
        .change(Change::EditUser { user, edit })
        .await
        .unwrap();
}

async fn units_stay_as_they_were_stored(
    directory: &dyn Directory,
    other: &dyn Directory,
    sql: &impl AsyncFn(&str),
) {
    for statement in [
        "INSERT INTO units (id, OWNER, name) SELECT 'B1 ', id, '' FROM organisations",
        "UPDATE users SET default_unit = 'B1 ' WHERE user_name = 'bob'",
        "INSERT INTO user_units (USER, unit) SELECT id, 'B1 ' FROM users WHERE user_name = 'bob'",
        "UPDATE organisations SET default_unit = 'B1 '",
    ] {
        sql(statement).await;
    }
    let stored = entry(directory, "bob").await;
    let role = Some(Role::ProjectManager);
    let promoted = UserEdit {
        role,
        ..UserEdit::default()
    };
    edit(directory, "bob", promoted).await;
    let bob = entry(directory, "bob").await;
    assert_eq!(
        (bob.role, &bob.units),
        (Role::ProjectManager, &stored.units)
    );
    assert_eq!(bob.default_unit, stored.default_unit);
    let one_more = "[[organisations]]\nname = 'ACME'\nunits = [{ id = 'U3' }]";
    assert_eq!(load(directory, one_more).await.unwrap().updated, 1);
    let with_unit = |unit: &str| {
        format!(
            "[[organisations]]\nname = 'ACME'\ndefault_unit = '{unit}'\nunits = [{{ id = '{unit}' }}]
             [[users]]\nuser_name = 'bob'\ndefault_unit = '{unit}'\nunits = ['{unit}']"
        )
    };
    load(directory, &with_unit("B1 ")).await.unwrap();
    let before = directory.snapshot().await.unwrap();
    assert_eq!(before.organisations[0].units.len(), 4);
    let bob = entry(directory, "bob").await;
    assert_eq!(
        (&bob.units, bob.generation),
        (&stored.units, stored.generation)
    );
    for unit in ["B1 ", "B1", " B1"] {
        let applied = load(directory, &with_unit(unit)).await;
        assert_eq!(applied, Ok(unchanged(2)), "{unit}");
        assert_eq!(directory.snapshot().await.unwrap(), before);
    }
    let export = toml::to_string(&before).unwrap();
    let count = u64::try_from(before.users.len() + before.keys.len() + 1).unwrap();
    assert_eq!(load(directory, &export).await, Ok(unchanged(count)));
    assert_eq!(load(other, &export).await.unwrap().created, count);
    assert_eq!(load(other, &export).await, Ok(unchanged(count)));
    assert_eq!(
        entry(other, "bob").await.default_unit.as_deref(),
        Some("B1")
    );
}

async fn an_organisation_is_found_as_it_was_stored(
    directory: &dyn Directory,
    sql: &impl AsyncFn(&str),
) {
    let old = "[[organisations]]\nname = 'OLDE'\nunits = [{ id = 'O1' }]
        [[users]]\nuser_name = 'olga'\norganisation = 'OLDE'\npassword = 'pw'";
    load(directory, old).await.unwrap();
    sql("UPDATE organisations SET name = 'OLDE ' WHERE name = 'OLDE'").await;
    sql(
        "UPDATE imported_users SET said = replace(said, '\"OLDE\"', '\"OLDE \"') \
         WHERE name = 'olga'",
    )
    .await;
    let stored = entry(directory, "olga").await;
    assert_eq!(stored.organisation, "OLDE ");
    let next = old.replace("'OLDE'", "'OLDE '");
    assert_eq!(load(directory, &next).await, Ok(unchanged(2)));
    let next = next.replace("id = 'O1'", "id = 'O1', name = 'One'");
    let next = next + "\n[[users]]\nuser_name = 'olaf'\norganisation = 'OLDE '\npassword = 'pw'";
    let applied = load(directory, &next).await.unwrap();
    assert_eq!((applied.created, applied.updated), (1, 1));
    assert_eq!(entry(directory, "olga").await, stored, "her tokens stay");
    assert_eq!(entry(directory, "olaf").await.organisation, "OLDE ");
    let mut user = person("oliver");
    (user.organisation, user.units) = ("OLDE ".to_owned(), vec!["O1 ".to_owned()]);
    let add = Change::AddUser { user, number: None };
    directory.change(add).await.unwrap();
    let oliver = entry(directory, "oliver").await;
    assert_eq!(
        (oliver.organisation, oliver.units),
        ("OLDE ".to_owned(), vec!["O1".to_owned()])
    );
}

async fn a_card_is_found_as_it_was_stored(directory: &dyn Directory, sql: &impl AsyncFn(&str)) {
    let with_card = |card: &str| {
        format!(
            "users = [{{ user_name = 'carl', organisation = 'ACME', password = 'pw', \
             access_cards = [{card}] }}]"
        )
    };
    let card = "{ identifier = '12', pass_code = '24680' }";
    load(directory, &with_card(card)).await.unwrap();
    sql("UPDATE access_cards SET identifier = ' 12' WHERE identifier = '12'").await;
    let stored = entry(directory, "carl").await;
    for card in [
        "{ identifier = ' 12' }",
        "{ identifier = '12' }",
        "{ identifier = ' 12', pass_code = '24680' }",
    ] {
        let applied = load(directory, &with_card(card)).await;
        assert_eq!(applied, Ok(unchanged(1)), "{card}");
        assert_eq!(entry(directory, "carl").await, stored);
    }
}

/// Checks that values that were set here are distinguished from imported ones, although an older release stored
/// imported values as the file spelled them.
async fn what_was_set_here_is_told_from_what_a_file_said(
    directory: &dyn Directory,
    sql: &impl AsyncFn(&str),
) {
    let text = "users = [{ user_name = 'augusta', first_name = 'Ad\u{e9}', units = ['U1'], \
                organisation = 'ACME', password = 'pw' }]";
    load(directory, text).await.unwrap();
    sql(
        "UPDATE imported_users SET said = replace(replace(said, '\"Ad\u{e9}\"', '\"Ade\u{301} \"'), \
         '\"U1\"', '\"U1 \"') WHERE name = 'augusta'",
    )
    .await;
    let set_here = UserEdit {
        first_name: Some("Augusta".to_owned()),
        units: Some(vec!["U2".to_owned()]),
        ..UserEdit::default()
    };
    edit(directory, "augusta", set_here).await;
    let import = Import {
        directory,
        passwords: &passwords(),
        precedence: Precedence::AT_START,
    };
    let text = text
        .replace("'Ad\u{e9}'", "'Ade\u{301} '")
        .replace("'U1'", "'U1 '");
    let applied = import.apply(file(&text), |_| {}).await.unwrap();
    let kept: Vec<_> = applied.kept.iter().map(|kept| kept.what).collect();
    assert_eq!(kept, ["first_name", "units"]);
    let augusta = entry(directory, "augusta").await;
    assert_eq!(augusta.first_name, "Augusta");
    assert_eq!(augusta.units, ["U2"]);
}

async fn no_number_ends_the_next_ones(directory: &dyn Directory, sql: &impl AsyncFn(&str)) {
    sql("UPDATE users SET number = 9223372036854775807 WHERE user_name = 'bob'").await;
    let last = entry(directory, "augusta").await.number;
    let mut user = person("nina");
    (user.organisation, user.units) = ("ACME".to_owned(), Vec::new());
    let add = Change::AddUser { user, number: None };
    directory.change(add).await.unwrap();
    assert_eq!(entry(directory, "nina").await.number, last + 1);
    let new = "users = [{ user_name = 'noah', organisation = 'ACME', password = 'pw' }]";
    load(directory, new).await.unwrap();
    assert_eq!(entry(directory, "noah").await.number, last + 2);
}
