//! Organisations and their units: adds, changes and removes them.

use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::{
    Change, Changed, OrganisationEdit, OrganisationEntry, OrganisationRef, UnitEntry,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AdminError, AdminService, event};

/// How many organisations are compared with a search for one page.
const MOST_COMPARED: u32 = 20_000;

/// How many organisations are read at a time.
const BATCH: u32 = 1_000;

/// A page of organisations, ordered by name.
pub(crate) struct OrganisationPage {
    pub(crate) listed: Vec<OrganisationEntry>,
    /// The name after which the next page begins. `None` if this is the last one.
    pub(crate) next: Option<String>,
}

/// Returns `true` if the name of an organisation contains the text, in upper or lower case.
pub(crate) fn has_in_name(organisation: &OrganisationEntry, text: &str) -> bool {
    let lower = |text: &str| text.to_lowercase();
    lower(&organisation.name).contains(&lower(text.trim()))
}

impl AdminService {
    /// Returns a page of the organisations whose names come after `after` and contain `search`, if that is given. A
    /// page with few organisations may have a next one.
    ///
    /// # Errors
    /// `Unavailable` if the directory is unreachable.
    pub(crate) async fn organisations(
        &self,
        search: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<OrganisationPage, AdminError> {
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let batch = if search.is_some() { BATCH } else { limit };
        let (mut listed, mut after, mut compared) = (Vec::new(), after.to_owned(), 0);
        loop {
            let found = self.directory.organisations(&after, batch).await?;
            compared += batch;
            let is_last = found.len() < usize::try_from(batch).unwrap_or(usize::MAX);
            for organisation in found {
                if listed.len() == room {
                    return Ok(OrganisationPage {
                        listed,
                        next: Some(after),
                    });
                }
                after.clone_from(&organisation.name);
                if search.is_none_or(|text| has_in_name(&organisation, text)) {
                    listed.push(organisation);
                }
            }
            if is_last || listed.len() == room || compared >= MOST_COMPARED {
                let next = (!is_last).then_some(after);
                return Ok(OrganisationPage { listed, next });
            }
        }
    }

    /// Returns the organisation with that identifier or name. An identifier takes precedence over a name, as
    /// for [users](Self::user).
    ///
    /// # Errors
    /// `NotFound` if there is no such organisation, `Unavailable` if the directory is unreachable.
    pub(crate) async fn organisation(&self, name: &str) -> Result<OrganisationEntry, AdminError> {
        if let Ok(id) = Uuid::try_parse(name) {
            let found = self.directory.organisation(OrganisationRef::Id(id));
            if let Some(organisation) = found.await? {
                return Ok(organisation);
            }
        }
        let found = self.directory.organisation(OrganisationRef::Name(name));
        found.await?.ok_or_else(|| missing(name))
    }

    /// Adds an organisation, records it in the audit log, and returns the stored entry.
    ///
    /// # Errors
    /// `Malformed` for invalid values, `Conflict` if a name or an identifier is in use, `Unavailable` if the
    /// directory is unreachable.
    pub(crate) async fn add_organisation(
        &self,
        new: OrganisationEntry,
    ) -> Result<OrganisationEntry, AdminError> {
        let (id, added) = (new.id, about(EventKind::AddOrganisation, &new, None));
        let made = self.change(Change::AddOrganisation(new), added).await?;
        organisation_of(made, id)
    }

    /// Changes an organisation's name or default unit, records it in the audit log, and returns the new state.
    ///
    /// # Errors
    /// `Malformed` for invalid values, `NotFound` if the organisation is gone, `Conflict` if the name is in
    /// use, `Unavailable` if the directory is unreachable.
    pub(crate) async fn edit_organisation(
        &self,
        organisation: &OrganisationEntry,
        edit: OrganisationEdit,
    ) -> Result<OrganisationEntry, AdminError> {
        let id = organisation.id;
        let mut edited = about(EventKind::EditOrganisation, organisation, None);
        if let Some(name) = &edit.name {
            edited.organisation = Some(name.clone());
        }
        let change = Change::EditOrganisation {
            organisation: id,
            edit,
        };
        organisation_of(self.change(change, edited).await?, id)
    }

    /// Removes an organisation and its units, and records it in the audit log.
    ///
    /// # Errors
    /// `Conflict` if it still has users, `NotFound` if it is gone, `Unavailable` if the directory is
    /// unreachable.
    pub(crate) async fn remove_organisation(
        &self,
        organisation: &OrganisationEntry,
    ) -> Result<(), AdminError> {
        let change = Change::RemoveOrganisation(organisation.id);
        let removed = about(EventKind::RemoveOrganisation, organisation, None);
        self.change(change, removed).await.map(drop)
    }

    /// Adds or renames a unit, records it in the audit log, and returns its organisation.
    ///
    /// # Errors
    /// `Malformed` for invalid values, `Conflict` if another organisation has a unit with this identifier,
    /// `NotFound` if the organisation is gone, `Unavailable` if the directory is unreachable.
    pub(crate) async fn put_unit(
        &self,
        organisation: &OrganisationEntry,
        unit: UnitEntry,
    ) -> Result<OrganisationEntry, AdminError> {
        let (id, name) = (organisation.id, unit.id.clone());
        let change = Change::PutUnit {
            organisation: id,
            unit,
        };
        let put = about(EventKind::PutUnit, organisation, Some(name));
        organisation_of(self.change(change, put).await?, id)
    }

    /// Removes a unit, and records it in the audit log.
    ///
    /// # Errors
    /// `Conflict` if it still has users, `NotFound` if there is no such unit, `Unavailable` if the directory is
    /// unreachable.
    pub(crate) async fn remove_unit(
        &self,
        organisation: &OrganisationEntry,
        unit: &str,
    ) -> Result<(), AdminError> {
        let change = Change::RemoveUnit {
            organisation: organisation.id,
            unit: unit.to_owned(),
        };
        let removed = about(EventKind::RemoveUnit, organisation, Some(unit.to_owned()));
        self.change(change, removed).await.map(drop)
    }

    async fn change(&self, change: Change, event: Event) -> Result<Changed, AdminError> {
        let made = self.directory.change(change).await;
        self.record_change(event, made)
    }
}

/// Returns the organisation in the result of a change. Fails with `NotFound` if the change has removed it.
fn organisation_of(changed: Changed, id: Uuid) -> Result<OrganisationEntry, AdminError> {
    match changed {
        Changed::Organisation(organisation) => Ok(organisation),
        Changed::User(_) | Changed::Removed => Err(missing(id)),
    }
}

fn missing(name: impl std::fmt::Display) -> AdminError {
    AdminError::NotFound(format!("{name}: no such organisation"))
}

fn about(kind: EventKind, organisation: &OrganisationEntry, unit: Option<String>) -> Event {
    Event {
        organisation: Some(organisation.name.clone()),
        unit,
        ..event(kind)
    }
}

/// An organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(crate) struct OrganisationView {
    id: Uuid,
    name: String,
    /// The default unit of users without a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    default_unit: Option<String>,
    units: Vec<UnitView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Unit)]
struct UnitView {
    /// Unique over all organisations.
    id: String,
    name: String,
}

impl From<OrganisationEntry> for OrganisationView {
    fn from(organisation: OrganisationEntry) -> Self {
        let units = organisation.units.into_iter();
        Self {
            id: organisation.id,
            name: organisation.name,
            default_unit: organisation.default_unit,
            units: units
                .map(|UnitEntry { id, name }| UnitView { id, name })
                .collect(),
        }
    }
}
