//! Organisations and units.

use uuid::Uuid;

use super::{Desk, Halt, Setting, Unfit, check_name, check_text};
use crate::directory::{OrganisationEntry, OrganisationName, UnitEntry};

/// What of an organisation is to be otherwise; nothing said is nothing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationEdit {
    /// Name.
    pub name: Option<String>,
    /// The unit of users who have none of their own.
    pub default_unit: Setting<String>,
}

pub(super) async fn add(desk: &mut dyn Desk, new: OrganisationEntry) -> Result<(), Halt> {
    let same = desk.organisation(OrganisationName::Id(new.id)).await?;
    if let Some(same) = same {
        let reason = format!("organisation {} has the same identifier", same.name);
        return Err(Unfit::Conflict(reason).into());
    }
    for unit in &new.units {
        check_unit(desk, new.id, unit).await?;
    }
    put(desk, &new).await
}

pub(super) async fn edit(
    desk: &mut dyn Desk,
    id: Uuid,
    edit: OrganisationEdit,
) -> Result<(), Halt> {
    let mut organisation = known(desk, id).await?;
    if let Some(name) = edit.name {
        organisation.name = name;
    }
    organisation.default_unit = edit.default_unit.after(organisation.default_unit);
    put(desk, &organisation).await
}

async fn put(desk: &mut dyn Desk, organisation: &OrganisationEntry) -> Result<(), Halt> {
    let name = &organisation.name;
    check_name("the name", name)?;
    let same = desk.organisation(OrganisationName::Name(name)).await?;
    if same.is_some_and(|same| same.id != organisation.id) {
        return Err(
            Unfit::Conflict(format!("{name}: there is such an organisation already")).into(),
        );
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

pub(super) async fn put_unit(desk: &mut dyn Desk, id: Uuid, unit: UnitEntry) -> Result<(), Halt> {
    let mut organisation = known(desk, id).await?;
    check_unit(desk, id, &unit).await?;
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
async fn check_unit(desk: &mut dyn Desk, id: Uuid, unit: &UnitEntry) -> Result<(), Halt> {
    check_name("the unit's identifier", &unit.id)?;
    check_text("the unit's name", &unit.name)?;
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
