//! Single changes, tested with each backend.

mod organisations;
mod users;

use std::sync::Arc;

use isogloss_core::directory::{
    Attributes, Change, ChangeError, Changed, Directory, InvalidChange, OrganisationEntry,
    OrganisationRef, UnitEntry, UserEdit, UserEntry,
};
use isogloss_core::{Role, User};
use uuid::Uuid;

pub(super) use self::users::one_of_many_adds_a_user;

/// Runs all checks of changes, in a directory that has other entries.
pub(super) async fn hold(directory: &dyn Directory) {
    let id = Uuid::new_v4();
    directory
        .change(Change::AddOrganisation(umbrella(id)))
        .await
        .unwrap();
    organisations::are_found_and_listed(directory, id).await;
    organisations::are_edited(directory, id).await;
    organisations::units_come_and_go(directory, id).await;
    users::are_added(directory).await;
    users::are_edited(directory).await;
    users::a_move_and_a_unit_less_end_tokens(directory).await;
    users::what_makes_no_sense_changes_nothing(directory).await;
    organisations::what_makes_no_sense_changes_nothing(directory, id).await;
    users::who_is_in_the_way_keeps_it(directory).await;
    organisations::who_is_in_the_way_keeps_it(directory, id).await;
}

fn unit(id: &str) -> UnitEntry {
    UnitEntry {
        id: id.to_owned(),
        name: format!("unit {id}"),
    }
}

pub(super) fn umbrella(id: Uuid) -> OrganisationEntry {
    OrganisationEntry {
        id,
        name: "Umbrella".to_owned(),
        default_unit: Some("R1".to_owned()),
        units: vec![unit("R1"), unit("R2")],
    }
}

pub(super) fn person(name: &str) -> Box<UserEntry> {
    Box::new(UserEntry {
        id: Uuid::new_v4(),
        number: 0,
        user_name: name.to_owned(),
        email: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        language: None,
        role: Role::Linguist,
        organisation: "Umbrella".to_owned(),
        default_unit: None,
        units: vec!["R1".to_owned()],
        disabled: false,
        password_hash: Some("$2b$04$none".to_owned()),
        authority: None,
        external_id: None,
        adopted: false,
        accepted_at: None,
        last_login_at: None,
        replaced_hashes: Vec::new(),
        generation: 0,
        totp_secret: None,
        recovery_codes: None,
        app_passwords: None,
        access_cards: Vec::new(),
        set_here: Vec::new(),
        revoked_app_passwords: Vec::new(),
        imported: Attributes::new(),
        grandfathered: false,
    })
}

async fn user(directory: &dyn Directory, name: &str) -> User {
    directory.account(name).await.unwrap().unwrap().user
}

async fn edit(
    directory: &dyn Directory,
    name: &str,
    edit: UserEdit,
) -> Result<User, InvalidChange> {
    let id = user(directory, name).await.id;
    unfit(
        directory,
        Change::EditUser {
            user: id,
            edit: Box::new(edit),
        },
    )
    .await?;
    let user = directory.user(id).await.unwrap().unwrap();
    Ok(Arc::unwrap_or_clone(user))
}

/// Checks that a change returned what a query finds afterwards.
async fn returns_what_is_stored(directory: &dyn Directory, changed: Changed) {
    match changed {
        Changed::User(user) => {
            let found = directory.user_record(user.id).await.unwrap().unwrap();
            assert_eq!(found, *user);
        }
        Changed::Organisation(organisation) => {
            let name = OrganisationRef::Id(organisation.id);
            let found = directory.organisation(name).await.unwrap();
            assert_eq!(found, Some(organisation));
        }
        Changed::Removed => {}
    }
}

async fn unfit(directory: &dyn Directory, change: Change) -> Result<(), InvalidChange> {
    match directory.change(change).await {
        Ok(changed) => {
            returns_what_is_stored(directory, changed).await;
            Ok(())
        }
        Err(ChangeError::Invalid(unfit)) => Err(unfit),
        Err(ChangeError::Unavailable(error)) => panic!("{error}"),
    }
}
