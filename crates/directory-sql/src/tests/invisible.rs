//! Invisible characters are rejected in files and in changes; stored ones stay. Tested with each backend.

use isogloss_core::directory::{Change, Directory, OrganisationEntry, Patch, UnitEntry, UserEdit};

use super::changes::person;
use super::load;
use super::looks::{Sql, add, edit, entry};

const HIDDEN: &str = "a\u{200b}b";

pub(super) async fn hold(directory: &dyn Directory, sql: &mut dyn Sql) {
    invisible_characters_are_refused_at_each_door(directory).await;
    what_was_stored_with_them_stays(directory, sql).await;
}

async fn invisible_characters_are_refused_at_each_door(directory: &dyn Directory) {
    add(directory, "seen").await.unwrap();
    let before = directory.snapshot().await.unwrap();
    for (text, point) in [
        ("\u{200b}", "U+200B"),
        ("\u{feff}zz", "U+FEFF"),
        ("so\u{ad}ft", "U+00AD"),
    ] {
        let refused = |what: &str| Err(format!("{what} holds an invisible character, {point}"));
        assert_eq!(add(directory, text).await, refused("the user name"));
        let email = UserEdit {
            email: Patch::Set(format!("{text}@example.com")),
            ..UserEdit::default()
        };
        let by_edit = edit(directory, "seen", email).await;
        assert_eq!(by_edit, refused("the e-mail address"));
        let by_file = load(directory, &entry(text, "")).await.map(drop);
        assert_eq!(by_file, refused(&format!("user {text}: the user name")));
        let unit = UnitEntry {
            id: text.to_owned(),
            name: String::new(),
        };
        for (name, units, what) in [
            (text, vec![], "the name"),
            ("Seen", vec![unit], "the unit's identifier"),
        ] {
            let organisation = OrganisationEntry {
                id: uuid::Uuid::new_v4(),
                name: name.to_owned(),
                default_unit: None,
                units,
            };
            let change = Change::AddOrganisation(organisation);
            let added = directory.change(change).await.map(drop);
            assert_eq!(added.map_err(|error| error.to_string()), refused(what));
        }
    }
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

/// Checks that names, identifiers and labels with invisible characters, which an earlier release accepted, stay as
/// they are stored.
async fn what_was_stored_with_them_stays(directory: &dyn Directory, sql: &mut dyn Sql) {
    let card = "access_cards = [{ identifier = 'visible', pass_code = '24680' }]";
    let key = "[[keys]]\nrealm = 'here'\nlabel = 'visible'\nkey = '0fd1c21b-7f2e-4a58-9d2c-5b9e1f0a7c33'\n";
    let file = [&entry("visible", card), key].concat();
    load(directory, &file).await.unwrap();
    for (table, column) in [
        ("users", "user_name"),
        ("logins", "login"),
        ("access_cards", "identifier"),
        ("keys", "label"),
    ] {
        let change = format!("UPDATE {table} SET {column} = '{HIDDEN}' WHERE {column} = 'visible'");
        sql.run(&change).await;
    }
    sql.run("UPDATE logins SET look = NULL").await;
    let file = file.replace("'visible'", &format!("'{HIDDEN}'"));
    assert_eq!(load(directory, &file).await.unwrap().created, 0);
    assert_eq!(load(directory, &file).await.unwrap().unchanged, 2);
    let renamed = UserEdit {
        last_name: Some("Old".to_owned()),
        ..UserEdit::default()
    };
    edit(directory, HIDDEN, renamed).await.unwrap();
    let exported = directory.snapshot().await.unwrap();
    let mut users = exported.users.iter();
    let stored = users.find(|user| user.user_name == HIDDEN).unwrap();
    assert!(stored.grandfathered, "a new directory takes the export");
    let new = Change::AddUser {
        user: person(&format!("{HIDDEN}c")),
        number: None,
    };
    assert!(directory.change(new).await.is_err());
}
