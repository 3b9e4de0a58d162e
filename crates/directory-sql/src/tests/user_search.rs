//! Finding users by the beginning of a name: the same with both databases, and through indexes.

mod plans;

use isogloss_core::UserState;
use isogloss_core::directory::{Directory, FoundUsers, UserFilter, UserSearch};

use super::load;
use super::postgres::postgres;
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

const FOUND: &str = r#"
[[organisations]]
name = "ACME"

[[users]]
user_name = "Ada"
number = 7
email = "Ada@Example.com"
first_name = "Ada"
last_name = "Lovelace"
organisation = "ACME"
password = "analytical"

[[users]]
user_name = "adamant"
number = 71
first_name = "Élodie"
last_name = "d'Œuvre"
organisation = "ACME"
password = "analytical"

[[users]]
user_name = "bob"
number = 702
first_name = "Robert"
last_name = "Adams"
organisation = "ACME"
disabled = true
password = "builder"
"#;

#[tokio::test]
async fn users_are_found_by_the_beginning_of_a_name_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = SqliteDirectory::open(&file).await.unwrap();
    hold(&directory).await;
    plans::hold_in_sqlite(&directory, &file).await;
}

#[tokio::test]
async fn users_are_found_by_the_beginning_of_a_name_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    hold(&directory).await;
    plans::hold_in_postgres(&directory, &address).await;
}

fn search(prefix: &str) -> UserSearch {
    UserSearch {
        prefix: prefix.to_owned(),
        filter: UserFilter::default(),
        after: None,
        limit: 100,
    }
}

/// Returns the names of all pages of a search.
async fn names(directory: &dyn Directory, mut search: UserSearch) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let FoundUsers { users, next } = directory.find_users(&search).await.unwrap();
        assert!(users.len() <= search.limit as usize);
        names.extend(users.iter().map(|user| user.user.user_name.clone()));
        search.after = next;
        if search.after.is_none() {
            return names;
        }
    }
}

async fn hold(directory: &dyn Directory) {
    load(directory, FOUND).await.unwrap();
    for (prefix, found) in [
        ("ada", &["Ada", "adamant", "bob"][..]),
        (" ADA ", &["Ada", "adamant", "bob"]),
        ("ada@e", &["Ada"]),
        ("ada l", &["Ada"]),
        ("LOVELACE A", &["Ada"]),
        ("ovelace", &[]),
        ("éLO", &["adamant"]),
        ("Élodie D'œUV", &["adamant"]),
        ("d'Œ", &["adamant"]),
        ("7", &["Ada", "bob", "adamant"]),
        ("70", &["bob"]),
        ("a%", &[]),
        ("a_a", &[]),
        ("a\0", &[]),
        ("nobody", &[]),
    ] {
        for limit in [1, 2, 100] {
            let search = UserSearch {
                limit,
                ..search(prefix)
            };
            assert_eq!(names(directory, search).await, found, "{prefix}");
        }
    }
    let disabled = UserSearch {
        filter: UserFilter {
            state: Some(UserState::Disabled),
            ..UserFilter::default()
        },
        ..search("ada")
    };
    assert_eq!(names(directory, disabled).await, ["bob"]);
}
