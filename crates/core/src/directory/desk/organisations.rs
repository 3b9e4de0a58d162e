//! Organisations and units.

use uuid::Uuid;

use super::{Desk, Halt, Setting, Unfit};
use crate::directory::rules::{organisation_clash, settle_organisation, settle_unit};
use crate::directory::{OrganisationEntry, OrganisationName, UnitEntry};
use crate::names::spellings;

/// What of an organisation is to be otherwise; nothing said is nothing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationEdit {
    /// Name.
    pub name: Option<String>,
    /// The unit of users who have none of their own.
    pub default_unit: Setting<String>,
}

pub(super) async fn add(desk: &mut dyn Desk, mut new: OrganisationEntry) -> Result<(), Halt> {
    let same = desk.organisation(OrganisationName::Id(new.id)).await?;
    if let Some(same) = same {
        let reason = format!("organisation {} has the same identifier", same.name);
        return Err(Unfit::Conflict(reason).into());
    }
    for unit in &mut new.units {
        check_unit(desk, new.id, unit, None).await?;
    }
    put(desk, new, None).await
}

pub(super) async fn edit(
    desk: &mut dyn Desk,
    id: Uuid,
    edit: OrganisationEdit,
) -> Result<(), Halt> {
    let known = known(desk, id).await?;
    let mut organisation = known.clone();
    if let Some(name) = edit.name {
        organisation.name = name;
    }
    organisation.default_unit = edit.default_unit.after(organisation.default_unit);
    put(desk, organisation, Some(&known)).await
}

async fn put(
    desk: &mut dyn Desk,
    mut organisation: OrganisationEntry,
    known: Option<&OrganisationEntry>,
) -> Result<(), Halt> {
    settle_organisation(&mut organisation, known).map_err(Unfit::Invalid)?;
    let organisation = &organisation;
    let name = &organisation.name;
    for spelling in spellings(name) {
        let same = desk.organisation(OrganisationName::Name(&spelling)).await?;
        if same.is_some_and(|same| same.id != organisation.id) {
            let reason = format!("{name}: there is such an organisation already");
            return Err(Unfit::Conflict(reason).into());
        }
    }
    let known_name = known.map(|known| &known.name);
    if known_name != Some(name) {
        let names = desk.organisation_names().await?;
        let mut others = names.iter().filter(|other| Some(*other) != known_name);
        if let Some(reason) = others.find_map(|other| organisation_clash(name, other)) {
            return Err(Unfit::Conflict(reason).into());
        }
    }
    let default = organisation.default_unit.as_ref();
    let missing = default.filter(|default| !organisation.has_unit(default));
    if let Some(missing) = missing {
        let reason = format!("the default unit {missing} is not among the units of {name}");
        return Err(Unfit::Invalid(reason).into());
    }
    Ok(desk.put_organisation(organisation).await?)
}

pub(super) async fn remove(desk: &mut dyn Desk, id: Uuid) -> Result<(), Halt> {
    let organisation = known(desk, id).await?;
    let users = desk.users_of(id).await?;
    if users > 0 {
        let reason = format!("{} has users: {users}", organisation.name);
        return Err(Unfit::Conflict(reason).into());
    }
    Ok(desk.remove_organisation(id).await?)
}

pub(super) async fn put_unit(
    desk: &mut dyn Desk,
    id: Uuid,
    mut unit: UnitEntry,
) -> Result<(), Halt> {
    let mut organisation = known(desk, id).await?;
    let present = organisation.units.iter().find(|one| one.id == unit.id);
    check_unit(desk, id, &mut unit, present).await?;
    organisation.units = vec![unit];
    Ok(desk.put_organisation(&organisation).await?)
}

pub(super) async fn remove_unit(desk: &mut dyn Desk, id: Uuid, unit: &str) -> Result<(), Halt> {
    let organisation = known(desk, id).await?;
    let name = &organisation.name;
    if !organisation.has_unit(unit) {
        return Err(Unfit::NotFound(format!("{name} has no unit {unit}")).into());
    }
    if organisation.default_unit.as_deref() == Some(unit) {
        let reason = format!("{unit} is the default unit of {name}");
        return Err(Unfit::Conflict(reason).into());
    }
    let users = desk.users_in(unit).await?;
    if users > 0 {
        return Err(Unfit::Conflict(format!("the unit {unit} has users: {users}")).into());
    }
    Ok(desk.remove_unit(unit).await?)
}

async fn known(desk: &mut dyn Desk, id: Uuid) -> Result<OrganisationEntry, Halt> {
    let organisation = desk.organisation(OrganisationName::Id(id)).await?;
    organisation.ok_or_else(|| Unfit::NotFound(format!("{id}: no such organisation")).into())
}

/// The identifiers of units are unique over all organisations.
async fn check_unit(
    desk: &mut dyn Desk,
    id: Uuid,
    unit: &mut UnitEntry,
    known: Option<&UnitEntry>,
) -> Result<(), Halt> {
    settle_unit(unit, known).map_err(Unfit::Invalid)?;
    let owner = desk.organisation_of_unit(&unit.id).await?;
    if owner.is_some_and(|owner| owner != id) {
        let reason = format!(
            "{}: another organisation has a unit of that identifier",
            unit.id
        );
        return Err(Unfit::Conflict(reason).into());
    }
    Ok(())
}
