//! Finding, listing and editing organisations and their units, and rejected changes.

use isogloss_core::directory::{
    Change, Directory, InvalidChange, OrganisationEdit, OrganisationEntry, OrganisationRef, Patch,
    UnitEntry, UserEdit,
};
use uuid::Uuid;

use super::{edit, umbrella, unfit, unit};

pub(super) async fn are_found_and_listed(directory: &dyn Directory, id: Uuid) {
    for name in [OrganisationRef::Name("Umbrella"), OrganisationRef::Id(id)] {
        let found = directory.organisation(name).await.unwrap();
        assert_eq!(found, Some(umbrella(id)));
    }
    for name in ["umbrella", "", "Umb\0rella"] {
        let name = OrganisationRef::Name(name);
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

pub(super) async fn are_edited(directory: &dyn Directory, id: Uuid) {
    let change = async |name: Option<&str>, default_unit: Patch<String>| {
        let edit = OrganisationEdit {
            name: name.map(str::to_owned),
            default_unit,
        };
        let change = Change::EditOrganisation {
            organisation: id,
            edit,
        };
        directory.change(change).await.unwrap();
        let found = directory.organisation(OrganisationRef::Id(id)).await;
        let found = found.unwrap().unwrap();
        (found.name, found.default_unit)
    };
    let (same, none) = (Patch::Keep, Patch::Remove);
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
    let back = change(Some("Umbrella"), Patch::Set("R1".to_owned())).await;
    assert_eq!(back, named("Umbrella", Some("R1")));
}

pub(super) async fn units_come_and_go(directory: &dyn Directory, organisation: Uuid) {
    let put = async |name: &str| {
        let unit = UnitEntry {
            id: "R3".to_owned(),
            name: name.to_owned(),
        };
        let change = Change::PutUnit { organisation, unit };
        directory.change(change).await.unwrap();
        let name = OrganisationRef::Id(organisation);
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
    let gone = InvalidChange::NotFound("Umbrella has no unit R3".to_owned());
    assert_eq!(unfit(directory, remove).await, Err(gone));
}

pub(super) async fn what_makes_no_sense_changes_nothing(directory: &dyn Directory, id: Uuid) {
    let before = directory.snapshot().await.unwrap();
    let invalid = |reason: &str| Err(InvalidChange::Invalid(reason.to_owned()));
    for (name, default_unit, reason) in [
        ("", None, "the name is empty"),
        ("a\nb", None, "the name holds a control character, U+000A"),
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
        invalid("the unit's identifier holds a control character, U+000A")
    );
    let nobody = Uuid::new_v4();
    let refused = unfit(directory, Change::RemoveOrganisation(nobody)).await;
    let no = InvalidChange::NotFound(format!("{nobody}: no such organisation"));
    assert_eq!(refused, Err(no));
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

pub(super) async fn who_is_in_the_way_keeps_it(directory: &dyn Directory, id: Uuid) {
    let conflict = |reason: &str| Err(InvalidChange::Conflict(reason.to_owned()));
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
        default_unit: Patch::Remove,
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
