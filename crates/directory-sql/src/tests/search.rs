//! Searching for users by name, e-mail address or number gives the same results with both databases.

use super::changes::{person, umbrella};
use crate::SqliteDirectory;
use crate::tests::postgres::postgres;
use isogloss_core::directory::{Change, Directory, OrganisationRef, UserEntry, UserFilter};
use isogloss_core::{Role, UserState};
use isogloss_testkit::Postgres;
use uuid::Uuid;

#[tokio::test]
async fn users_are_searched_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    hold(&SqliteDirectory::open(&file).await.unwrap()).await;
}

#[tokio::test]
async fn users_are_searched_in_postgres() {
    let server = Postgres::shared().unwrap();
    hold(&postgres(&server.new_database().unwrap())).await;
}

async fn hold(directory: &dyn Directory) {
    let id = Uuid::new_v4();
    let organisation = Change::AddOrganisation(umbrella(id));
    directory.change(organisation).await.unwrap();
    add(
        directory,
        [("redfield", 101), ("Claire", 112), ("wesker", 120)],
    )
    .await;
    searches_find_what_people_know(directory).await;
    filters_are_combined(directory, id).await;
    pages_go_on_where_much_is_passed_over(directory).await;
}

async fn add(directory: &dyn Directory, users: [(&str, i64); 3]) {
    for (name, number) in users {
        let user = match name {
            "redfield" => UserEntry {
                email: Some("Chris.Redfield@Example.com".to_owned()),
                first_name: "Élodie".to_owned(),
                last_name: "d'Œuvre".to_owned(),
                ..*person(name)
            },
            "Claire" => UserEntry {
                first_name: "100%_sure\\".to_owned(),
                role: Role::Admin,
                ..*person(name)
            },
            _ => UserEntry {
                first_name: "Albert".to_owned(),
                last_name: "Wesker".to_owned(),
                disabled: true,
                ..*person(name)
            },
        };
        let add = Change::AddUser {
            user: Box::new(user),
            number: Some(number),
        };
        directory.change(add).await.unwrap();
    }
}

async fn found(directory: &dyn Directory, filter: UserFilter) -> Vec<String> {
    let users = directory.users(&filter, i64::MIN, 100).await.unwrap();
    users.into_iter().map(|user| user.user.user_name).collect()
}

async fn searches_find_what_people_know(directory: &dyn Directory) {
    let long = "x".repeat(100_000);
    for (search, expected) in [
        ("RED", &["redfield"][..]),
        ("claire", &["Claire"]),
        ("chris.redfield@example", &["redfield"]),
        ("éLODIE", &["redfield"]),
        ("E\u{301}lodie", &["redfield"]),
        ("D'ŒUVRE", &["redfield"]),
        ("elodie", &[]),
        ("albert we", &["wesker"]),
        ("  albert ", &["wesker"]),
        ("12", &["Claire", "wesker"]),
        ("1", &["redfield", "Claire", "wesker"]),
        ("100%", &["Claire"]),
        ("%", &["Claire"]),
        ("_", &["Claire"]),
        ("\\", &["Claire"]),
        ("0%_s", &["Claire"]),
        ("' OR 1=1 --", &[]),
        ("a\0", &[]),
        ("ü", &[]),
        (&long, &[]),
        ("", &["redfield", "Claire", "wesker"]),
    ] {
        let filter = UserFilter {
            search: Some(search.to_owned()),
            ..UserFilter::default()
        };
        assert_eq!(found(directory, filter).await, expected, "{search:.20}");
    }
}

async fn filters_are_combined(directory: &dyn Directory, umbrella: Uuid) {
    let all = UserFilter::default();
    let name = OrganisationRef::Name("Umbrella");
    assert!(directory.organisation(name).await.unwrap().is_some());
    for (filter, expected) in [
        (all.clone(), &["redfield", "Claire", "wesker"][..]),
        (
            UserFilter {
                organisation: Some(Uuid::new_v4()),
                ..all.clone()
            },
            &[],
        ),
        (
            UserFilter {
                organisation: Some(umbrella),
                role: Some(Role::Admin),
                ..all.clone()
            },
            &["Claire"],
        ),
        (
            UserFilter {
                state: Some(UserState::Disabled),
                ..all.clone()
            },
            &["wesker"],
        ),
        (
            UserFilter {
                search: Some("e".to_owned()),
                role: Some(Role::Linguist),
                state: Some(UserState::Active),
                ..all
            },
            &["redfield"],
        ),
    ] {
        assert_eq!(
            found(directory, filter.clone()).await,
            expected,
            "{filter:?}"
        );
    }
}

/// Checks that pages are complete although the database returns too many users for a search with non-ASCII
/// characters, which are filtered afterwards.
async fn pages_go_on_where_much_is_passed_over(directory: &dyn Directory) {
    let filter = UserFilter {
        search: Some("ö".to_owned()),
        ..UserFilter::default()
    };
    let user = UserEntry {
        last_name: "Öberg".to_owned(),
        ..*person("last")
    };
    let add = Change::AddUser {
        user: Box::new(user),
        number: Some(900),
    };
    directory.change(add).await.unwrap();
    let page = directory.users(&filter, 0, 1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].number, 900);
    assert_eq!(directory.users(&filter, 900, 1).await.unwrap(), []);
    let all = UserFilter::default();
    let second = directory.users(&all, 101, 2).await.unwrap();
    let numbers: Vec<_> = second.iter().map(|user| user.number).collect();
    assert_eq!(numbers, [112, 120]);
}
