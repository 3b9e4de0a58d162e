//! Changes whose result cannot be read.

use std::sync::Arc;

use isogloss_core::audit::{Outcome, RefusalReason};
use isogloss_core::directory::{Directory as _, OrganisationEntry};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_password::PasswordSettings;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::*;
use crate::bootstrap::audit::recording::Recording;

fn new_user() -> NewUser {
    NewUser {
        user_name: "ada".to_owned(),
        organisation: "ACME".to_owned(),
        email: None,
        number: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        language: None,
        role: None,
        default_unit: None,
        units: Vec::new(),
        authority: None,
        external_id: None,
    }
}

fn unavailable<T: std::fmt::Debug>(made: &Result<T, AdminError>) {
    assert!(matches!(made, Err(AdminError::Unavailable(_))), "{made:?}");
}

#[actix_web::test]
async fn a_change_whose_result_cannot_be_read_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = Arc::new(SqliteDirectory::open(&file).await.unwrap());
    let recording = Recording::default();
    let administration = AdminService {
        directory: directory.clone(),
        audit: recording.start(),
    };
    let organisation = OrganisationEntry {
        id: Uuid::new_v4(),
        name: "ACME".to_owned(),
        default_unit: None,
        units: Vec::new(),
    };
    directory
        .change(Change::AddOrganisation(organisation))
        .await
        .unwrap();
    let passwords = Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        ..PasswordSettings::default()
    });
    let passwords = passwords.unwrap();
    // What is written cannot be read: no release knows that role.
    let options = SqliteConnectOptions::new().filename(&file);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let run = async |statement: &'static str| sqlx::query(statement).execute(&pool).await.unwrap();
    let checked_user = administration.check_new_user(new_user()).await.unwrap();
    let refused = checked_user.user.id;
    let spoil = "CREATE TRIGGER spoil AFTER INSERT ON users
                 BEGIN UPDATE users SET role = 'NOBODY' WHERE id = new.id; END";
    run(spoil).await;
    let added = administration.add_user(checked_user, Some("correct-horse".into()), &passwords);
    unavailable(&added.await);
    let user = administration.user("ada").await;
    assert!(matches!(user, Err(AdminError::NotFound(_))), "{user:?}");

    run("DROP TRIGGER spoil").await;
    let checked_user = administration.check_new_user(new_user()).await.unwrap();
    let added = administration.add_user(checked_user, Some("correct-horse".into()), &passwords);
    let before = added.await.unwrap();
    let spoil = "CREATE TRIGGER spoil AFTER UPDATE OF first_name ON users
                 BEGIN UPDATE users SET role = 'NOBODY' WHERE id = new.id; END";
    run(spoil).await;
    let edit = UserEdit {
        first_name: Some("Ada".to_owned()),
        ..UserEdit::default()
    };
    unavailable(&administration.edit_user(&before, edit).await);
    let after = administration.user("ada").await.unwrap();
    assert_eq!(after.first_name, before.first_name);

    assert!(administration.audit.flush().await);
    let events = recording.events().into_iter().map(|event| {
        let user = event.user.unwrap();
        (event.event, user, event.outcome, event.reason)
    });
    let recorded: Vec<_> = events.collect();
    let unavailable = Some(RefusalReason::Unavailable);
    let expected = [
        (EventKind::AddUser, refused, Outcome::Refused, unavailable),
        (EventKind::AddUser, before.id, Outcome::Done, None),
        (
            EventKind::EditUser,
            before.id,
            Outcome::Refused,
            unavailable,
        ),
    ];
    assert_eq!(recorded, expected);
}
