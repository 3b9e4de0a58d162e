//! Changes whose result cannot be read.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_core::PasswordSettings;
use isogloss_core::audit::{Audit, Sink, Waiting};
use isogloss_core::directory::{Directory as _, OrganisationEntry, SqliteDirectory};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::*;

#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<(Kind, Uuid)>>>);

#[async_trait]
impl Sink for Recording {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn keep(&mut self, events: &mut Waiting) -> Result<(), StoreError> {
        let events = events
            .drain(..)
            .map(|event| (event.event, event.user.unwrap()));
        self.0.lock().unwrap().extend(events);
        Ok(())
    }
}

fn new_user() -> NewUser {
    NewUser {
        user_name: "ada".to_owned(),
        organisation: "ACME".to_owned(),
        email: None,
        number: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        role: None,
        default_unit: None,
        units: Vec::new(),
    }
}

#[actix_web::test]
async fn a_change_whose_result_cannot_be_read_is_recorded_and_said_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = Arc::new(SqliteDirectory::open(&file).await.unwrap());
    let recording = Recording::default();
    let room = NonZeroUsize::new(100).unwrap();
    let administration = Administration {
        directory: directory.clone(),
        audit: Audit::start(vec![Box::new(recording.clone())], room).unwrap(),
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
    // What is written cannot be read: no release knows that role.
    let options = SqliteConnectOptions::new().filename(&file);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    for event in ["INSERT", "UPDATE OF first_name"] {
        let statement = format!(
            "CREATE TRIGGER \"after {event}\" AFTER {event} ON users
             BEGIN UPDATE users SET role = 'NOBODY' WHERE id = new.id; END"
        );
        let statement = sqlx::AssertSqlSafe(statement);
        sqlx::query(statement).execute(&pool).await.unwrap();
    }

    let passwords = Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        ..PasswordSettings::default()
    });
    let passwords = passwords.unwrap();
    let addition = administration.check_new_user(new_user()).await.unwrap();
    let id = addition.user.id;
    let added = administration.add_user(addition, "correct-horse".into(), &passwords);
    let reason = added.await.unwrap_err().to_string();
    assert!(reason.starts_with("the change was made, but"), "{reason}");

    sqlx::query("UPDATE users SET role = 'LINGUIST'")
        .execute(&pool)
        .await
        .unwrap();
    let user = administration.user("ada").await.unwrap();
    let edit = UserEdit {
        first_name: Some("Ada".to_owned()),
        ..UserEdit::default()
    };
    let edited = administration.edit_user(&user, edit).await;
    let reason = edited.unwrap_err().to_string();
    assert!(reason.starts_with("the change was made, but"), "{reason}");

    assert!(administration.audit.flush().await);
    let recorded = recording.0.lock().unwrap().clone();
    assert_eq!(recorded, [(Kind::AddUser, id), (Kind::EditUser, id)]);
}
