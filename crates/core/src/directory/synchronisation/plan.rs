//! Compares the list of an authority with its users here.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::SyncError;
use crate::authority::edits::{access_edit, may_link, names_edit};
use crate::authority::{AuthoritySettings, ListedUser, MatchBy};
use crate::directory::wanted::WantedUser;
use crate::directory::{EntryFault, UserEdit, UserRecord};
use crate::names::login_form;
use crate::user::UserState;

/// What a synchronisation is to do.
#[derive(Default)]
pub(super) struct Plan {
    /// Users who are gone, or disabled there, and active here.
    pub(super) leavers: Vec<WantedUser>,
    /// All others who are new or may differ.
    pub(super) others: Vec<WantedUser>,
    /// The identifiers of those of them who are new.
    pub(super) added: HashSet<Uuid>,
    /// How many users of the authority are active here.
    pub(super) active: u64,
    /// How many listed users are up to date.
    pub(super) unchanged: u64,
    /// How many listed users were adopted.
    pub(super) adopted: u64,
    /// How many listed users are not known here and not added, because they are disabled there.
    pub(super) left_out: u64,
    /// Listed users who cannot be added.
    pub(super) faults: Vec<EntryFault>,
}

/// The users of an authority here.
struct Known<'a> {
    /// By the identifier there.
    linked: HashMap<&'a str, &'a UserRecord>,
    /// Users without an identifier there, by what the operator lets the authority link them by.
    unlinked: HashMap<String, &'a UserRecord>,
}

impl<'a> Known<'a> {
    fn of(settings: &AuthoritySettings, present: &'a [UserRecord]) -> Self {
        let mut known = Self {
            linked: HashMap::new(),
            unlinked: HashMap::new(),
        };
        for user in present {
            let Some(link) = &user.link else { continue };
            match &link.external_id {
                Some(external_id) => {
                    known.linked.insert(external_id, user);
                }
                None if link.is_adopted => {}
                None => {
                    let name = match settings.match_by {
                        Some(MatchBy::UserName) => Some(user.user.user_name.as_str()),
                        Some(MatchBy::Email) => user.user.email.as_deref(),
                        None => None,
                    };
                    let name = name.map(login_form);
                    known.unlinked.extend(name.map(|name| (name, user)));
                }
            }
        }
        known
    }

    /// Returns the user whom the operator lets the authority link to the listed one, once. `None` if there is none.
    fn take_unlinked(
        &mut self,
        settings: &AuthoritySettings,
        listed: &ListedUser,
    ) -> Option<&'a UserRecord> {
        let identity = &listed.identity;
        let said = match settings.match_by? {
            MatchBy::UserName => identity.user_name.as_deref(),
            MatchBy::Email => identity.email.as_deref(),
        };
        let name = login_form(said?);
        let user = self.unlinked.get(&name)?;
        if !may_link(settings, &user.user, identity) {
            return None;
        }
        self.unlinked.remove(&name)
    }
}

impl Plan {
    /// Compares the list with the users of the authority who are here. Fails if two of the list have the same
    /// identifier.
    pub(super) fn of(
        settings: &AuthoritySettings,
        listed: &[ListedUser],
        present: &[UserRecord],
    ) -> Result<Self, SyncError> {
        let mut known = Known::of(settings, present);
        let mut plan = Self::default();
        let mut met = HashSet::new();
        for one in listed {
            let external_id = one.identity.external_id.as_str();
            if !met.insert(external_id) {
                return Err(SyncError::Ambiguous);
            }
            match known.linked.get(external_id).copied() {
                Some(user) if is_adopted(user) => plan.adopted += 1,
                Some(user) if is_up_to_date(settings, user, one) => plan.unchanged += 1,
                Some(user) => plan.update(settings, user, one),
                None => match known.take_unlinked(settings, one) {
                    Some(user) => plan.update(settings, user, one),
                    None => plan.add(settings, one),
                },
            }
        }
        let linked = present.iter().filter(|user| is_linked(user));
        for user in linked.filter(|user| user.user.state == UserState::Active) {
            plan.active += 1;
            let external_id = user
                .link
                .as_ref()
                .and_then(|link| link.external_id.as_deref());
            if external_id.is_some_and(|id| !met.contains(id)) {
                plan.leavers.push(WantedUser::gone(user));
            }
        }
        Ok(plan)
    }

    fn update(&mut self, settings: &AuthoritySettings, user: &UserRecord, listed: &ListedUser) {
        let wanted = WantedUser::of_known(settings, user, listed);
        if listed.is_disabled && user.user.state == UserState::Active {
            self.leavers.push(wanted);
        } else {
            self.others.push(wanted);
        }
    }

    fn add(&mut self, settings: &AuthoritySettings, listed: &ListedUser) {
        if listed.is_disabled {
            self.left_out += 1;
            return;
        }
        let identity = &listed.identity;
        let name = identity.user_name.as_deref().map(str::trim);
        match name.filter(|name| !name.is_empty()) {
            Some(name) => {
                let user = WantedUser::new(settings, identity, name);
                self.added.extend(user.id);
                self.others.push(user);
            }
            None => self.faults.push(EntryFault {
                entry: format!("user with the identifier {}", identity.external_id),
                reason: "the authority says no user name".to_owned(),
                user: None,
            }),
        }
    }

    /// Fails if more users would be disabled than the operator permits.
    pub(super) fn brake(&self, settings: &AuthoritySettings) -> Result<(), SyncError> {
        let disabled = u64::try_from(self.leavers.len()).unwrap_or(u64::MAX);
        let limit = settings.max_disable;
        if limit.permits(disabled, self.active) {
            return Ok(());
        }
        Err(SyncError::Brake {
            disabled,
            active: self.active,
            limit,
        })
    }
}

fn is_adopted(user: &UserRecord) -> bool {
    user.link.as_ref().is_some_and(|link| link.is_adopted)
}

/// Returns whether the authority judges the user's password and has an identifier for the user.
fn is_linked(user: &UserRecord) -> bool {
    let link = user.link.as_ref();
    link.is_some_and(|link| !link.is_adopted && link.external_id.is_some())
}

fn is_up_to_date(settings: &AuthoritySettings, user: &UserRecord, listed: &ListedUser) -> bool {
    let is_disabled = user.user.state == UserState::Disabled;
    let nothing = UserEdit::default();
    is_disabled == listed.is_disabled
        && names_edit(settings, &user.user, &listed.identity) == nothing
        && access_edit(settings, &user.user, &listed.identity) == nothing
}
