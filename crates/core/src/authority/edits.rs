//! What changes in a user's entry according to what an authority says.

use tracing::debug;
use uuid::Uuid;

use super::{AuthoritySettings, Identity, MatchBy};
use crate::directory::{Attributes, Patch, UserEdit, UserEntry};
use crate::language::Language;
use crate::names::{is_same_name, login_form};
use crate::user::{Role, User};

/// Returns whether the authority may link a user who belongs to it and has no identifier there yet.
pub(crate) fn may_link(settings: &AuthoritySettings, user: &User, identity: &Identity) -> bool {
    let said = match settings.match_by {
        Some(MatchBy::UserName) => identity.user_name.as_deref().zip(Some(&*user.user_name)),
        Some(MatchBy::Email) => identity.email.as_deref().zip(user.email.as_deref()),
        None => None,
    };
    user.role != Role::Admin
        && said.is_some_and(|(said, known)| login_form(said) == login_form(known))
}

/// Returns the role that the authority may give; `None` if it says none.
pub(crate) fn granted_role(settings: &AuthoritySettings, identity: &Identity) -> Option<Role> {
    let rank = |role: Role| Role::ALL.iter().position(|one| *one == role);
    let said = identity.role?;
    Some(if rank(said) < rank(settings.highest_role) {
        settings.highest_role
    } else {
        said
    })
}

/// Returns the language that the authority says; [`Patch::Keep`] if it says none, or something else.
pub(crate) fn stated_language(
    settings: &AuthoritySettings,
    identity: &Identity,
) -> Patch<Language> {
    let Some(said) = &identity.language else {
        return Patch::Keep;
    };
    match Language::parse_if_any(said) {
        Ok(None) => Patch::Remove,
        Ok(Some(language)) => Patch::Set(language),
        Err(error) => {
            // A login must not fail because of the language of an e-mail.
            debug!(authority = settings.name, member = "language", %error, "a value is ignored");
            Patch::Keep
        }
    }
}

/// Returns the change of the role, the organisation and the units that the authority says and that differ.
pub(crate) fn access_edit(
    settings: &AuthoritySettings,
    user: &User,
    identity: &Identity,
) -> UserEdit {
    let organisation = identity.organisation.as_ref();
    let units = identity.units.as_ref().map(|units| {
        let default = user.default_unit.iter();
        let mut said: Vec<_> = units.iter().chain(default).cloned().collect();
        said.sort();
        said.dedup();
        said
    });
    let stored = {
        let mut units = user.units.clone();
        units.sort();
        units
    };
    UserEdit {
        role: granted_role(settings, identity).filter(|role| *role != user.role),
        organisation: organisation
            .filter(|name| !is_same_name(name, &user.organisation.name))
            .cloned(),
        units: units
            .filter(|units| *units != stored)
            .and(identity.units.clone()),
        ..UserEdit::default()
    }
}

/// Returns the change of the names, the address, the picture and the language that the authority says and that differ.
pub(crate) fn names_edit(
    settings: &AuthoritySettings,
    user: &User,
    identity: &Identity,
) -> UserEdit {
    let differs = |said: &Option<String>, known: &str| {
        let said = said
            .as_ref()
            .filter(|said| !is_same_name(said.trim(), known));
        said.cloned()
    };
    let language = stated_language(settings, identity);
    let known_email = user.email.as_deref().unwrap_or_default();
    UserEdit {
        user_name: differs(&identity.user_name, &user.user_name)
            .filter(|name| !name.trim().is_empty()),
        email: match differs(&identity.email, known_email) {
            None => Patch::Keep,
            Some(email) if email.trim().is_empty() => Patch::Remove,
            Some(email) => Patch::Set(email),
        },
        first_name: differs(&identity.first_name, &user.first_name),
        last_name: differs(&identity.last_name, &user.last_name),
        image_url: differs(&identity.image_url, &user.image_url),
        language: if language.clone().after(user.language.clone()) == user.language {
            Patch::Keep
        } else {
            language
        },
        ..UserEdit::default()
    }
}

/// Returns the entry of a new user with that login name. `None` if the user's organisation is not known.
pub(crate) fn new_entry(
    settings: &AuthoritySettings,
    identity: &Identity,
    name: &str,
) -> Option<UserEntry> {
    let said = identity.clone();
    Some(UserEntry {
        id: Uuid::new_v4(),
        number: 0,
        user_name: name.to_owned(),
        email: said.email.filter(|email| !email.trim().is_empty()),
        first_name: said.first_name.unwrap_or_default(),
        last_name: said.last_name.unwrap_or_default(),
        image_url: said.image_url.unwrap_or_default(),
        language: stated_language(settings, identity).after(None),
        role: granted_role(settings, identity).unwrap_or_default(),
        organisation: said.organisation.or(settings.organisation.clone())?,
        default_unit: None,
        units: said.units.unwrap_or_default(),
        disabled: false,
        password_hash: None,
        replaced_hashes: Vec::new(),
        authority: Some(settings.name.clone()),
        external_id: Some(said.external_id),
        adopted: false,
        accepted_at: None,
        last_login_at: None,
        generation: 0,
        totp_secret: None,
        set_here: Vec::new(),
        recovery_codes: None,
        app_passwords: None,
        revoked_app_passwords: Vec::new(),
        access_cards: Vec::new(),
        grandfathered: false,
        imported: Attributes::new(),
    })
}
