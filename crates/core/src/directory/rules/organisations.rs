//! The rules for organisations and their units.

use super::{check_name, check_required, tidy_if_any};
use crate::directory::{OrganisationEntry, UnitEntry, UserEntry};
use crate::names::tidy;

/// Brings the values that differ from the known entry into their stored form. Fails with a reason if one breaks a
/// rule. Units have their own function, [`normalize_unit`].
pub(in crate::directory) fn normalize_organisation(
    organisation: &mut OrganisationEntry,
    known: Option<&OrganisationEntry>,
) -> Result<(), String> {
    if known.is_none_or(|known| known.name != organisation.name) {
        organisation.name = tidy(&organisation.name);
        check_required("the name", &organisation.name)?;
    }
    if known.is_none_or(|known| known.default_unit != organisation.default_unit) {
        let default = tidy_if_any(organisation.default_unit.as_deref());
        organisation.default_unit = default.map(|unit| match organisation.unit(&unit) {
            Some(stored) => stored.id.clone(),
            None => unit,
        });
    }
    Ok(())
}

/// Replaces the user's units with the stored spelling of the organisation's. Fails with a reason if the
/// organisation lacks one of the user's units.
pub(in crate::directory) fn normalize_units(
    user: &mut UserEntry,
    organisation: &OrganisationEntry,
) -> Result<(), String> {
    for unit in user.units.iter_mut().chain(&mut user.default_unit) {
        let Some(stored) = organisation.unit(unit) else {
            return Err(format!("{} has no unit {unit}", organisation.name));
        };
        unit.clone_from(&stored.id);
    }
    user.units.sort();
    user.units.dedup();
    Ok(())
}

/// Brings the values of a unit that differ from the known entry into their stored form. Fails with a reason if one
/// breaks a rule.
pub(in crate::directory) fn normalize_unit(
    unit: &mut UnitEntry,
    known: Option<&UnitEntry>,
) -> Result<(), String> {
    if known.is_none() {
        unit.id = tidy(&unit.id);
        check_required("the unit's identifier", &unit.id)?;
    }
    if known.is_none_or(|known| known.name != unit.name) {
        unit.name = tidy(&unit.name);
        check_name("the unit's name", &unit.name)?;
    }
    Ok(())
}
