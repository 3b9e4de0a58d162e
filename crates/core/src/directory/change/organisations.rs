//! Changes of organisations and units.

use uuid::Uuid;

use super::{Abort, DirectoryTransaction, InvalidChange, Patch};
use crate::directory::rules::{normalize_organisation, normalize_unit, organisation_conflict};
use crate::directory::{OrganisationEntry, OrganisationRef, UnitEntry};
use crate::names::spellings;

/// The changes of an organisation. `None` and [`Patch::Keep`] change nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationEdit {
    /// The new name.
    pub name: Option<String>,
    /// The default unit of users who have none of their own.
    pub default_unit: Patch<String>,
}

pub(super) async fn add<D: DirectoryTransaction>(
    transaction: &mut D,
    mut new: OrganisationEntry,
) -> Result<(), Abort<D::Error>> {
    let same = transaction
        .organisation(OrganisationRef::Id(new.id))
        .await
        .map_err(Abort::Failed)?;
    if let Some(same) = same {
        let reason = format!("organisation {} has the same identifier", same.name);
        return Err(InvalidChange::Conflict(reason).into());
    }
    for unit in &mut new.units {
        check_unit(transaction, new.id, unit, None).await?;
    }
    put(transaction, new, None).await
}

pub(super) async fn edit<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
    edit: OrganisationEdit,
) -> Result<(), Abort<D::Error>> {
    let known = known(transaction, id).await?;
    let mut organisation = known.clone();
    if let Some(name) = edit.name {
        organisation.name = name;
    }
    organisation.default_unit = edit.default_unit.after(organisation.default_unit);
    put(transaction, organisation, Some(&known)).await
}

async fn put<D: DirectoryTransaction>(
    transaction: &mut D,
    mut organisation: OrganisationEntry,
    known: Option<&OrganisationEntry>,
) -> Result<(), Abort<D::Error>> {
    normalize_organisation(&mut organisation, known).map_err(InvalidChange::Invalid)?;
    let organisation = &organisation;
    let name = &organisation.name;
    for spelling in spellings(name) {
        let same = transaction
            .organisation(OrganisationRef::Name(&spelling))
            .await
            .map_err(Abort::Failed)?;
        if same.is_some_and(|same| same.id != organisation.id) {
            let reason = format!("{name}: there is such an organisation already");
            return Err(InvalidChange::Conflict(reason).into());
        }
    }
    let known_name = known.map(|known| &known.name);
    if known_name != Some(name) {
        let names = transaction
            .organisation_names()
            .await
            .map_err(Abort::Failed)?;
        let mut others = names.iter().filter(|other| Some(*other) != known_name);
        if let Some(reason) = others.find_map(|other| organisation_conflict(name, other)) {
            return Err(InvalidChange::Conflict(reason).into());
        }
    }
    let default = organisation.default_unit.as_ref();
    let missing = default.filter(|default| !organisation.has_unit(default));
    if let Some(missing) = missing {
        let reason = format!("the default unit {missing} is not among the units of {name}");
        return Err(InvalidChange::Invalid(reason).into());
    }
    transaction
        .put_organisation(organisation)
        .await
        .map_err(Abort::Failed)
}

pub(super) async fn remove<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
) -> Result<(), Abort<D::Error>> {
    let organisation = known(transaction, id).await?;
    let users = transaction.users_of(id).await.map_err(Abort::Failed)?;
    if users > 0 {
        let reason = format!("{} has users: {users}", organisation.name);
        return Err(InvalidChange::Conflict(reason).into());
    }
    transaction
        .remove_organisation(id)
        .await
        .map_err(Abort::Failed)
}

pub(super) async fn put_unit<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
    mut unit: UnitEntry,
) -> Result<(), Abort<D::Error>> {
    let mut organisation = known(transaction, id).await?;
    let present = organisation.units.iter().find(|one| one.id == unit.id);
    check_unit(transaction, id, &mut unit, present).await?;
    organisation.units = vec![unit];
    transaction
        .put_organisation(&organisation)
        .await
        .map_err(Abort::Failed)
}

pub(super) async fn remove_unit<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
    unit: &str,
) -> Result<(), Abort<D::Error>> {
    let organisation = known(transaction, id).await?;
    let name = &organisation.name;
    if !organisation.has_unit(unit) {
        return Err(InvalidChange::NotFound(format!("{name} has no unit {unit}")).into());
    }
    if organisation.default_unit.as_deref() == Some(unit) {
        let reason = format!("{unit} is the default unit of {name}");
        return Err(InvalidChange::Conflict(reason).into());
    }
    let users = transaction.users_in(unit).await.map_err(Abort::Failed)?;
    if users > 0 {
        return Err(InvalidChange::Conflict(format!("the unit {unit} has users: {users}")).into());
    }
    transaction.remove_unit(unit).await.map_err(Abort::Failed)
}

async fn known<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
) -> Result<OrganisationEntry, Abort<D::Error>> {
    let organisation = transaction
        .organisation(OrganisationRef::Id(id))
        .await
        .map_err(Abort::Failed)?;
    organisation
        .ok_or_else(|| InvalidChange::NotFound(format!("{id}: no such organisation")).into())
}

/// Brings a unit into its stored form. Aborts if it breaks a rule, if another organisation has a unit with the
/// same identifier, or if a query fails.
async fn check_unit<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
    unit: &mut UnitEntry,
    known: Option<&UnitEntry>,
) -> Result<(), Abort<D::Error>> {
    normalize_unit(unit, known).map_err(InvalidChange::Invalid)?;
    let owner = transaction
        .organisation_of_unit(&unit.id)
        .await
        .map_err(Abort::Failed)?;
    if owner.is_some_and(|owner| owner != id) {
        let reason = format!(
            "{}: another organisation has a unit of that identifier",
            unit.id
        );
        return Err(InvalidChange::Conflict(reason).into());
    }
    Ok(())
}
