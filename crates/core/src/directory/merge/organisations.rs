//! Merges organisations and their units.

use uuid::Uuid;

use super::{Merge, Outcome, entry_error};
use crate::directory::rules::{normalize_organisation, normalize_unit};
use crate::directory::user_change::count;
use crate::directory::wanted::WantedOrganisation;
use crate::directory::{OrganisationEntry, UnitEntry};
use crate::error::StoreError;
use crate::names::{stored_spellings, tidy};

impl Merge<'_> {
    /// Returns the organisations that are new or differ. Does not remove units, because users may be in them.
    /// Keeps the faults of entries that are invalid or conflict with others.
    pub(super) fn organisations(&mut self) -> Result<Vec<OrganisationEntry>, StoreError> {
        let mut changed = Vec::new();
        for wanted in &self.wanted.organisations {
            let merged = self.known_organisation(wanted).and_then(|known| {
                let entry = self.organisation(wanted, known.as_ref())?;
                Ok((known, entry))
            });
            let Some((known, entry)) = self.unless_faulty(merged)? else {
                continue;
            };
            if let Some(known) = &known {
                self.organisations.remove(&known.name);
            }
            self.organisations.insert(entry.name.clone(), entry.clone());
            self.organisation_names.insert(entry.id, entry.name.clone());
            if count(&mut self.applied, known.as_ref(), &entry) {
                changed.push(entry);
            }
        }
        Ok(changed)
    }

    /// Returns the stored organisation with the entry's identifier, or without one, with its name; `None` if there
    /// is none. Fails if the name belongs to another identifier.
    fn known_organisation(
        &self,
        wanted: &WantedOrganisation,
    ) -> Outcome<Option<OrganisationEntry>> {
        let named = self.organisation_called(&wanted.name);
        let Some(id) = wanted.id else {
            return Ok(named.cloned());
        };
        if named.is_some_and(|named| named.id != id) {
            let reason = "there is one of that name, with another id";
            return Err(entry_error(format!("organisation {}", wanted.name), reason));
        }
        let name = self.organisation_names.get(&id);
        Ok(name.and_then(|name| self.organisations.get(name)).cloned())
    }

    /// Returns the organisation with this name, as a file spells it; `None` if there is none.
    pub(super) fn organisation_called(&self, name: &str) -> Option<&OrganisationEntry> {
        stored_spellings(name).find_map(|spelling| self.organisations.get(&spelling))
    }

    fn organisation(
        &self,
        wanted: &WantedOrganisation,
        known: Option<&OrganisationEntry>,
    ) -> Outcome<OrganisationEntry> {
        let label = || format!("organisation {}", wanted.name);
        let id = known.map(|known| known.id).or(wanted.id);
        let id = id.unwrap_or_else(Uuid::new_v4);
        let default_unit = known.and_then(|known| known.default_unit.clone());
        let mut entry = OrganisationEntry {
            id,
            name: wanted.name.clone(),
            default_unit: wanted.default_unit.clone().after(default_unit),
            units: known.map_or_else(Vec::new, |known| known.units.clone()),
        };
        for (unit, name) in &wanted.units {
            let is_of_another = |unit: &String| {
                let owner = self.present.units.get(unit);
                owner.is_some_and(|owner| *owner != id)
            };
            if is_of_another(unit) || is_of_another(&tidy(unit)) {
                let reason = format!("another organisation has the unit {unit}");
                return Err(entry_error(label(), reason));
            }
            let known = entry.unit(unit).cloned();
            let mut unit = known.clone().unwrap_or_else(|| UnitEntry {
                id: unit.clone(),
                name: String::new(),
            });
            if let Some(name) = name {
                unit.name.clone_from(name);
            }
            normalize_unit(&mut unit, known.as_ref())
                .map_err(|reason| entry_error(label(), reason))?;
            entry.units.retain(|one| one.id != unit.id);
            entry.units.push(unit);
        }
        entry.units.sort_by(|one, other| one.id.cmp(&other.id));
        normalize_organisation(&mut entry, known).map_err(|reason| entry_error(label(), reason))?;
        let default = entry.default_unit.as_ref();
        if let Some(missing) = default.filter(|default| !entry.has_unit(default)) {
            let reason = format!("the default unit {missing} is not among its units");
            return Err(entry_error(label(), reason));
        }
        Ok(entry)
    }
}
