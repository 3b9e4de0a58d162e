//! Users of an authority's list, as entries of an import.

use uuid::Uuid;

use crate::authority::edits::{granted_role, stated_language};
use crate::authority::{AuthoritySettings, Identity, ListedUser};
use crate::directory::origin::{Attribute, Attributes, Value};
use crate::directory::rules::tidy_units;
use crate::directory::wanted::{Wanted, WantedLink, WantedUser};
use crate::directory::{Patch, Precedence, SetHere, UserRecord};
use crate::names::tidy;

impl Wanted {
    /// Returns what an authority says of its users, as an import.
    pub(super) fn of_authority(settings: &AuthoritySettings, users: Vec<WantedUser>) -> Self {
        Self {
            users,
            precedence: Precedence {
                passwords: SetHere::Keep,
                state: SetHere::Keep,
                // As at a login: what the authority says replaces what is stored.
                attributes: SetHere::Replace,
            },
            sealed: true,
            authority: Some(settings.name.clone()),
            lists_changes: true,
            ..Self::default()
        }
    }
}

impl WantedUser {
    /// Returns the entry of a user who is linked, or whom the operator lets the authority link.
    pub(super) fn of_known(
        settings: &AuthoritySettings,
        user: &UserRecord,
        listed: &ListedUser,
    ) -> Self {
        let identity = &listed.identity;
        Self {
            id: Some(user.user.id),
            user_name: user.user.user_name.clone(),
            attributes: attributes(settings, identity),
            disabled: Some(listed.is_disabled),
            link: link(settings, identity),
            ..Self::default()
        }
    }

    /// Returns the entry of a user who is gone.
    pub(super) fn gone(user: &UserRecord) -> Self {
        Self {
            id: Some(user.user.id),
            user_name: user.user.user_name.clone(),
            disabled: Some(true),
            ..Self::default()
        }
    }

    /// Returns the entry of a new user with that name.
    pub(super) fn new(settings: &AuthoritySettings, identity: &Identity, name: &str) -> Self {
        let mut attributes = attributes(settings, identity);
        if let Some(organisation) = &settings.organisation {
            let default = Value::Text(organisation.clone());
            attributes.entry(Attribute::Organisation).or_insert(default);
        }
        if let Some(number) = identity.number {
            attributes.insert(Attribute::Number, Value::Number(number));
        }
        Self {
            // A new one: a user of that name who exists here is another one.
            id: Some(Uuid::new_v4()),
            user_name: name.to_owned(),
            attributes,
            disabled: Some(false),
            link: link(settings, identity),
            ..Self::default()
        }
    }

    /// Returns the entry without names and addresses, so that a user who cannot have them still loses rights.
    pub(super) fn access_only(mut self) -> Self {
        self.attributes.retain(|attribute, _| {
            matches!(
                attribute,
                Attribute::Role | Attribute::Organisation | Attribute::Units
            )
        });
        self
    }
}

fn link(settings: &AuthoritySettings, identity: &Identity) -> WantedLink {
    WantedLink {
        authority: Patch::Set(settings.name.clone()),
        external_id: Patch::Set(identity.external_id.clone()),
        adopted: None,
    }
}

/// Returns what the authority says, in the form in which it is stored.
fn attributes(settings: &AuthoritySettings, identity: &Identity) -> Attributes {
    let text = |text: &Option<String>| text.as_deref().map(tidy).map(Value::Text);
    let name = identity.user_name.as_deref().map(tidy);
    let name = name.filter(|name| !name.is_empty()).map(Value::Text);
    let role = granted_role(settings, identity);
    let units = identity.units.as_ref();
    let language = match stated_language(settings, identity) {
        Patch::Keep => None,
        Patch::Remove => Some(String::new()),
        Patch::Set(language) => Some(language.to_string()),
    };
    let all = [
        (Attribute::UserName, name),
        (Attribute::Email, text(&identity.email)),
        (Attribute::FirstName, text(&identity.first_name)),
        (Attribute::LastName, text(&identity.last_name)),
        (Attribute::ImageUrl, text(&identity.image_url)),
        (Attribute::Language, language.map(Value::Text)),
        (
            Attribute::Role,
            role.map(|role| Value::Text(role.name().to_owned())),
        ),
        (
            Attribute::Organisation,
            identity.organisation.clone().map(Value::Text),
        ),
        (
            Attribute::Units,
            units.map(|units| Value::List(tidy_units(units))),
        ),
    ];
    let said = all.into_iter();
    said.filter_map(|(attribute, value)| Some((attribute, value?)))
        .collect()
}
