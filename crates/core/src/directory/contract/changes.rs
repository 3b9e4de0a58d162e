//! What every directory does with single changes, proved for each backend.

use futures_util::future::join_all;
use uuid::Uuid;

use crate::directory::{
    Change, ChangeError, Directory, OrganisationEdit, OrganisationEntry, OrganisationName, Setting,
    Unfit, UnitEntry, UserEdit, UserEntry,
};
use crate::user::{Role, User};

/// All of it, beside what is there already.
pub(super) async fn hold(directory: &dyn Directory) {
    let id = Uuid::new_v4();
    directory
        .change(Change::AddOrganisation(umbrella(id)))
        .await
        .unwrap();
    organisations_are_found_and_listed(directory, id).await;
    organisations_are_edited(directory, id).await;
    units_come_and_go(directory, id).await;
    users_are_added(directory).await;
    users_are_edited(directory).await;
    a_move_and_a_unit_less_end_tokens(directory).await;
    what_makes_no_sense_changes_nothing(directory, id).await;
    who_is_in_the_way_keeps_it(directory, id).await;
}

fn unit(id: &str) -> UnitEntry {
    UnitEntry {
        id: id.to_owned(),
        name: format!("unit {id}"),
    }
}

fn umbrella(id: Uuid) -> OrganisationEntry {
    OrganisationEntry {
        id,
        name: "Umbrella".to_owned(),
        default_unit: Some("R1".to_owned()),
        units: vec![unit("R1"), unit("R2")],
    }
}

fn person(name: &str) -> Box<UserEntry> {
    Box::new(UserEntry {
        id: Uuid::new_v4(),
        number: 0,
        user_name: name.to_owned(),
        email: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        role: Role::Linguist,
        organisation: "Umbrella".to_owned(),
        default_unit: None,
        units: vec!["R1".to_owned()],
        disabled: false,
        password_hash: "$2b$04$none".to_owned(),
        replaced_hashes: Vec::new(),
        generation: 0,
        totp_secret: None,
        recovery_codes: None,
        app_passwords: None,
        access_cards: Vec::new(),
    })
}

async fn user(directory: &dyn Directory, name: &str) -> User {
    directory.account(name).await.unwrap().unwrap().user
}

async fn edit(directory: &dyn Directory, name: &str, edit: UserEdit) -> Result<User, Unfit> {
    let id = user(directory, name).await.id;
    unfit(
        directory,
        Change::EditUser {
            user: id,
            edit: Box::new(edit),
        },
    )
    .await?;
    Ok(directory.user(id).await.unwrap().unwrap())
}

async fn unfit(directory: &dyn Directory, change: Change) -> Result<(), Unfit> {
    match directory.change(change).await {
        Ok(()) => Ok(()),
        Err(ChangeError::Unfit(unfit)) => Err(unfit),
        Err(ChangeError::Unavailable(error)) => panic!("{error}"),
    }
}

async fn organisations_are_found_and_listed(directory: &dyn Directory, id: Uuid) {
    for name in [OrganisationName::Name("Umbrella"), OrganisationName::Id(id)] {
        let found = directory.organisation(name).await.unwrap();
        assert_eq!(found, Some(umbrella(id)));
    }
    for name in ["umbrella", "", "Umb\0rella"] {
        let name = OrganisationName::Name(name);
        assert_eq!(directory.organisation(name).await.unwrap(), None);
    }
    let names = async |after: &str, limit| {
        let listed = directory.organisations(after, limit).await.unwrap();
        let names = listed.into_iter().map(|organisation| organisation.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("", 10).await, ["ACME", "Umbrella"]);
    assert_eq!(names("", 1).await, ["ACME"]);
    assert_eq!(names("ACME", 1).await, ["Umbrella"]);
    assert!(names("Umbrella", 1).await.is_empty());
    assert_eq!(names("A\0", 1).await, ["ACME"]);
    let listed = directory.organisations("ACME", 1).await.unwrap();
    assert_eq!(listed, [umbrella(id)], "with its units");
}

async fn organisations_are_edited(directory: &dyn Directory, id: Uuid) {
    let change = async |name: Option<&str>, default_unit: Setting<String>| {
        let edit = OrganisationEdit {
            name: name.map(str::to_owned),
            default_unit,
        };
        let change = Change::EditOrganisation {
            organisation: id,
            edit,
        };
        directory.change(change).await.unwrap();
        let found = directory.organisation(OrganisationName::Id(id)).await;
        let found = found.unwrap().unwrap();
        (found.name, found.default_unit)
    };
    let (same, none) = (Setting::Same, Setting::None);
    let named = |name: &str, unit: Option<&str>| (name.to_owned(), unit.map(str::to_owned));
    assert_eq!(
        change(None, same.clone()).await,
        named("Umbrella", Some("R1"))
    );
    assert_eq!(
        change(Some("Schirm"), same).await,
        named("Schirm", Some("R1"))
    );
    assert_eq!(change(None, none).await, named("Schirm", None));
    let back = change(Some("Umbrella"), Setting::To("R1".to_owned())).await;
    assert_eq!(back, named("Umbrella", Some("R1")));
}

async fn units_come_and_go(directory: &dyn Directory, organisation: Uuid) {
    let put = async |name: &str| {
        let unit = UnitEntry {
            id: "R3".to_owned(),
            name: name.to_owned(),
        };
        let change = Change::PutUnit { organisation, unit };
        directory.change(change).await.unwrap();
        let name = OrganisationName::Id(organisation);
        let found = directory.organisation(name).await.unwrap().unwrap();
        found
            .units
            .into_iter()
            .map(|unit| unit.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(put("new").await, ["unit R1", "unit R2", "new"]);
    assert_eq!(put("renamed").await, ["unit R1", "unit R2", "renamed"]);
    let unit = "R3".to_owned();
    let remove = Change::RemoveUnit { organisation, unit };
    assert_eq!(unfit(directory, remove.clone()).await, Ok(()));
    let gone = Unfit::NotFound("Umbrella has no unit R3".to_owned());
    assert_eq!(unfit(directory, remove).await, Err(gone));
}

async fn users_are_added(directory: &dyn Directory) {
    let add = async |name: &str, number| {
        let user = person(name);
        directory
            .change(Change::AddUser { user, number })
            .await
            .unwrap();
        self::user(directory, name).await.number
    };
    assert_eq!(add("alice", Some(500)).await, 500);
    assert_eq!(add("wesker", None).await, 501, "the next one");
    assert_eq!(user(directory, "alice").await.units, ["R1"]);
}

async fn users_are_edited(directory: &dyn Directory) {
    let before = user(directory, "alice").await;
    let same = edit(directory, "alice", UserEdit::default()).await;
    assert_eq!(same, Ok(before.clone()));
    let all = UserEdit {
        number: Some(502),
        user_name: Some("Alice".to_owned()),
        email: Setting::To("Alice@Example.com".to_owned()),
        first_name: Some("Alice".to_owned()),
        last_name: Some("Abernathy".to_owned()),
        image_url: Some("https://example.com/alice.png".to_owned()),
        role: Some(Role::Admin),
        default_unit: Setting::To("R2".to_owned()),
        ..UserEdit::default()
    };
    let edited = edit(directory, "alice", all).await.unwrap();
    let expected = User {
        number: 502,
        user_name: "Alice".to_owned(),
        email: Some("Alice@Example.com".to_owned()),
        first_name: "Alice".to_owned(),
        last_name: "Abernathy".to_owned(),
        image_url: "https://example.com/alice.png".to_owned(),
        role: Role::Admin,
        units: vec!["R1".to_owned(), "R2".to_owned()],
        default_unit: Some("R2".to_owned()),
        ..before.clone()
    };
    assert_eq!(edited, expected, "and no token ended");
    assert_eq!(user(directory, "alice@example.com").await.id, before.id);
    let renamed = UserEdit {
        user_name: Some("abernathy".to_owned()),
        email: Setting::None,
        ..UserEdit::default()
    };
    edit(directory, "alice", renamed).await.unwrap();
    for gone in ["alice", "alice@example.com"] {
        assert!(directory.account(gone).await.unwrap().is_none(), "{gone}");
    }
    // What the edit is not about stays.
    let ada = user(directory, "ada").await;
    let enrolled = directory.enrolment(ada.id).await.unwrap().is_some();
    let edited = UserEdit {
        first_name: Some("Augusta".to_owned()),
        ..UserEdit::default()
    };
    edit(directory, "ada", edited).await.unwrap();
    let card = crate::directory::CardName::Identifier("ada");
    assert!(directory.card(card).await.unwrap().is_some());
    let still = directory.enrolment(ada.id).await.unwrap().is_some();
    assert_eq!(still, enrolled);
}

async fn a_move_and_a_unit_less_end_tokens(directory: &dyn Directory) {
    let generation = user(directory, "wesker").await.generation;
    let units = |units: &[&str]| UserEdit {
        units: Some(units.iter().copied().map(str::to_owned).collect()),
        ..UserEdit::default()
    };
    let one_more = edit(directory, "wesker", units(&["R1", "R2"])).await;
    assert_eq!(one_more.unwrap().generation, generation);
    let one_less = edit(directory, "wesker", units(&["R2"])).await;
    assert_eq!(one_less.unwrap().generation, generation + 1);
    let moved = UserEdit {
        organisation: Some("ACME".to_owned()),
        units: Some(vec!["U1".to_owned()]),
        ..UserEdit::default()
    };
    let moved = edit(directory, "wesker", moved).await.unwrap();
    assert_eq!(
        (moved.organisation.name.as_str(), moved.generation),
        ("ACME", generation + 2)
    );
}

async fn what_makes_no_sense_changes_nothing(directory: &dyn Directory, id: Uuid) {
    let before = directory.snapshot().await.unwrap();
    let invalid = |reason: &str| Err(Unfit::Invalid(reason.to_owned()));
    let with = |set: fn(&mut UserEdit)| {
        let mut edit = UserEdit::default();
        set(&mut edit);
        edit
    };
    for (edited, reason) in [
        (
            with(|edit| edit.user_name = Some(" ".into())),
            "the user name is empty",
        ),
        (
            with(|edit| edit.user_name = Some("x ".into())),
            "the user name begins or ends with white space",
        ),
        (
            with(|edit| edit.email = Setting::To(String::new())),
            "the e-mail address is empty",
        ),
        (
            with(|edit| edit.last_name = Some("a\0".into())),
            "the last name holds a control character",
        ),
        (
            with(|edit| edit.organisation = Some("Moon".into())),
            "there is no organisation Moon",
        ),
        (
            with(|edit| edit.organisation = Some("\0".into())),
            "the organisation holds a control character",
        ),
        (
            with(|edit| edit.units = Some(vec!["U1".into()])),
            "Umbrella has no unit U1",
        ),
        (
            with(|edit| edit.default_unit = Setting::To("R9".into())),
            "Umbrella has no unit R9",
        ),
        (
            with(|edit| edit.organisation = Some("ACME".into())),
            "ACME has no unit R1",
        ),
    ] {
        let refused = edit(directory, "abernathy", edited).await.map(drop);
        assert_eq!(refused, invalid(reason));
    }
    for (name, default_unit, reason) in [
        ("", None, "the name is empty"),
        ("a\nb", None, "the name holds a control character"),
        (
            "Tricell",
            Some("R1"),
            "the default unit R1 is not among the units of Tricell",
        ),
    ] {
        let organisation = OrganisationEntry {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            default_unit: default_unit.map(str::to_owned),
            units: Vec::new(),
        };
        let refused = unfit(directory, Change::AddOrganisation(organisation)).await;
        assert_eq!(refused, invalid(reason));
    }
    let put = |unit| Change::PutUnit {
        organisation: id,
        unit,
    };
    let refused = unfit(directory, put(unit("R\n1"))).await;
    assert_eq!(
        refused,
        invalid("the unit's identifier holds a control character")
    );
    let nobody = Uuid::new_v4();
    let no = |what: &str| Err(Unfit::NotFound(format!("{nobody}: no such {what}")));
    let edit = Box::default();
    let refused = unfit(directory, Change::EditUser { user: nobody, edit }).await;
    assert_eq!(refused, no("user"));
    let refused = unfit(directory, Change::RemoveOrganisation(nobody)).await;
    assert_eq!(refused, no("organisation"));
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

async fn who_is_in_the_way_keeps_it(directory: &dyn Directory, id: Uuid) {
    let conflict = |reason: &str| Err(Unfit::Conflict(reason.to_owned()));
    let add = |name: &str, number| Change::AddUser {
        user: person(name),
        number,
    };
    let same_login = "user Ada logs in by the same name or e-mail address";
    for name in ["ADA", "ada@example.com"] {
        assert_eq!(
            unfit(directory, add(name, None)).await,
            conflict(same_login)
        );
    }
    let refused = unfit(directory, add("birkin", Some(7))).await;
    assert_eq!(refused, conflict("user Ada has the same number"));
    let taken = UserEdit {
        email: Setting::To("ada".to_owned()),
        ..UserEdit::default()
    };
    let refused = edit(directory, "abernathy", taken).await.map(drop);
    assert_eq!(refused, conflict(same_login));

    let again = OrganisationEntry {
        units: Vec::new(),
        default_unit: None,
        ..umbrella(id)
    };
    let refused = unfit(directory, Change::AddOrganisation(again.clone())).await;
    assert_eq!(
        refused,
        conflict("organisation Umbrella has the same identifier")
    );
    let again = OrganisationEntry {
        id: Uuid::new_v4(),
        ..again
    };
    let refused = unfit(directory, Change::AddOrganisation(again)).await;
    assert_eq!(
        refused,
        conflict("Umbrella: there is such an organisation already")
    );
    let foreign = Change::PutUnit {
        organisation: id,
        unit: unit("U1"),
    };
    let reason = "U1: another organisation has a unit of that identifier";
    assert_eq!(unfit(directory, foreign).await, conflict(reason));
    let remove = |unit: &str| Change::RemoveUnit {
        organisation: id,
        unit: unit.to_owned(),
    };
    let refused = unfit(directory, remove("R1")).await;
    assert_eq!(refused, conflict("R1 is the default unit of Umbrella"));
    let refused = unfit(directory, remove("R2")).await;
    assert_eq!(refused, conflict("the unit R2 has users: 1"));
    let refused = unfit(directory, Change::RemoveOrganisation(id)).await;
    assert_eq!(refused, conflict("Umbrella has users: 1"));

    let moved = UserEdit {
        organisation: Some("ACME".to_owned()),
        units: Some(Vec::new()),
        default_unit: Setting::None,
        ..UserEdit::default()
    };
    edit(directory, "abernathy", moved).await.unwrap();
    assert_eq!(
        unfit(directory, Change::RemoveOrganisation(id)).await,
        Ok(())
    );
    let left = directory.organisations("", 10).await.unwrap();
    assert!(left.iter().all(|organisation| organisation.id != id));
    let back = unfit(directory, Change::AddOrganisation(umbrella(id))).await;
    assert_eq!(back, Ok(()), "its units are gone with it");
}

/// However many add a user of one name, one does and the rest are told so.
pub(super) async fn one_of_many_adds_a_user(one: &dyn Directory, other: &dyn Directory) {
    one.change(Change::AddOrganisation(umbrella(Uuid::new_v4())))
        .await
        .unwrap();
    let tries = (0..16).map(|try_number| {
        let directory = if try_number % 2 == 0 { one } else { other };
        let (user, number) = (person("redfield"), None);
        unfit(directory, Change::AddUser { user, number })
    });
    let (done, refused): (Vec<_>, Vec<_>) =
        join_all(tries).await.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    let reason = "user redfield logs in by the same name or e-mail address";
    let conflict = Err(Unfit::Conflict(reason.to_owned()));
    assert!(
        refused.iter().all(|refused| *refused == conflict),
        "{refused:?}"
    );
}
