//! Merges a user of a file with the stored one.

use uuid::Uuid;

use super::links::merge_acceptance;
use super::{Merge, Outcome, entry_error};
use crate::directory::UserEntry;
use crate::directory::origin::{Attribute, Attributes};
use crate::directory::rules::{check_lines, check_number, normalize_units, normalize_user};
use crate::directory::user_change::ends_tokens;
use crate::directory::wanted::WantedUser;
use crate::user::Role;

/// A user's entry in a file, and the stored user.
#[derive(Clone, Copy)]
pub(super) struct One<'a> {
    pub(super) label: &'a str,
    pub(super) wanted: &'a WantedUser,
    pub(super) known: Option<&'a UserEntry>,
    /// Whether the entry comes from an export of a later state of the same directory.
    pub(super) newer: bool,
}

impl Merge<'_> {
    /// Returns the user as the import leaves it. Fails if the entry is invalid or incomplete, or if a digest key
    /// that may be needed does not open.
    pub(super) fn user(
        &mut self,
        wanted: &WantedUser,
        known: Option<&UserEntry>,
    ) -> Outcome<UserEntry> {
        let label = format!("user {}", wanted.user_name);
        let one = One {
            label: &label,
            wanted,
            known,
            newer: known.is_some_and(|known| wanted.generation > known.generation),
        };
        let mut entry = known.map_or_else(|| new_user(wanted), Clone::clone);
        self.merge_attributes(one, &mut entry);
        settle(one, &mut entry)?;
        entry.last_login_at = entry.last_login_at.max(wanted.last_login_at);
        self.check_place(one, &mut entry)?;
        self.merge_link(one, &mut entry)?;
        self.merge_password(one, &mut entry)?;
        merge_acceptance(one, &mut entry);
        self.merge_state(one, &mut entry);
        self.merge_second_factor(one, &mut entry)?;
        self.merge_app_passwords(one, &mut entry);
        self.merge_cards(one, &mut entry)?;
        check_new_lines(one, &entry)?;
        entry.generation = match known {
            None => wanted.generation,
            Some(known) => {
                let ended = i64::from(ends_tokens(&entry, known));
                wanted.generation.max(known.generation + ended)
            }
        };
        Ok(entry)
    }

    /// Checks that the organisation exists and has the user's units, and fails if not. Skips users whose
    /// organisation and units the file does not set.
    fn check_place(&self, one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            ..
        } = one;
        let said = |attribute| wanted.attributes.contains_key(&attribute);
        let place = [
            Attribute::Organisation,
            Attribute::DefaultUnit,
            Attribute::Units,
        ];
        if known.is_some() && !place.into_iter().any(said) {
            return Ok(());
        }
        let name = &entry.organisation;
        if name.is_empty() && !said(Attribute::Organisation) {
            return Err(entry_error(label, "needs an organisation"));
        }
        let written = wanted.text(Attribute::Organisation).unwrap_or(name);
        let Some(organisation) = self.organisation_called(written) else {
            return Err(entry_error(
                label,
                format!("there is no organisation {name}"),
            ));
        };
        entry.organisation.clone_from(&organisation.name);
        normalize_units(entry, organisation).map_err(|reason| entry_error(label, reason))
    }
}

/// Brings the user's values into their stored form. Fails if one breaks a rule, unless the file says that they are
/// older than the rules.
fn settle(one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
    if one.wanted.grandfathered {
        return Ok(());
    }
    let refused = |reason: String| entry_error(one.label, reason);
    normalize_user(entry, one.known).map_err(refused)?;
    match one.wanted.number() {
        None => Ok(()),
        Some(number) => check_number(number, one.known).map_err(refused),
    }
}

fn check_new_lines(one: One<'_>, entry: &UserEntry) -> Outcome<()> {
    if one.wanted.grandfathered {
        return Ok(());
    }
    check_lines(entry, one.known).map_err(|reason| entry_error(one.label, reason))
}

fn new_user(wanted: &WantedUser) -> UserEntry {
    UserEntry {
        id: wanted.id.unwrap_or_else(Uuid::new_v4),
        number: 0,
        user_name: wanted.user_name.clone(),
        email: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        language: None,
        role: Role::default(),
        organisation: String::new(),
        default_unit: None,
        units: Vec::new(),
        disabled: false,
        password_hash: None,
        authority: None,
        external_id: None,
        adopted: false,
        accepted_at: None,
        last_login_at: None,
        replaced_hashes: Vec::new(),
        generation: 0,
        totp_secret: None,
        set_here: Vec::new(),
        recovery_codes: Some(Vec::new()),
        app_passwords: Some(Vec::new()),
        revoked_app_passwords: Vec::new(),
        access_cards: Vec::new(),
        imported: Attributes::new(),
        grandfathered: false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::FutureExt as _;
    use isogloss_password::{PasswordSettings, Passwords};

    use crate::directory::file::File;
    use crate::directory::file::import::{check_entries, hash_secrets};
    use crate::directory::merge::Changes;
    use crate::directory::present::Present;

    #[test]
    fn a_user_without_a_number_is_not_grandfathered() {
        let passwords = Passwords::start(PasswordSettings::default()).unwrap();
        let text = r#"
            [[organisations]]
            name = "ACME"

            [[users]]
            user_name = "jane"
            organisation = "ACME"
            password_hash = "$2b$04$2lQoczE3kLdTbwBPpze4w.nkS/I1Jo7NQ1WWJFJ8cqe00Hegvla9y"

            [[users]]
            number = 7
            user_name = "joe\u200D"
            organisation = "ACME"
            grandfathered = true
            password_hash = "$2b$04$2lQoczE3kLdTbwBPpze4w.nkS/I1Jo7NQ1WWJFJ8cqe00Hegvla9y"
        "#;
        let file = File::parse(Path::new("directory.toml"), text).unwrap();
        let wanted = check_entries(file, &passwords).unwrap();
        let present = Present::default();
        let sealed = hash_secrets(&present, &passwords, wanted, |_| {});
        let sealed = sealed.now_or_never().unwrap().unwrap();
        let changes = Changes::of(&present, &sealed).unwrap();
        let users = changes.users.iter().map(|change| &change.entry);
        let users: Vec<_> = users
            .map(|user| (user.number, user.grandfathered))
            .collect();
        assert_eq!(users, [(8, false), (7, true)]);
    }
}
