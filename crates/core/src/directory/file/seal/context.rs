//! What an entry of a directory file is checked against.

use std::collections::{HashMap, HashSet};

use super::super::{FileError, NewUser};
use super::user::wrong;
use crate::directory::{OrganisationEntry, Snapshot, UserEntry, login_form};

/// What an entry is checked against: the directory as it is, and the rest of the file.
pub(super) struct Context<'a> {
    users: HashMap<String, &'a UserEntry>,
    pub(super) units: HashMap<&'a str, HashSet<&'a str>>,
    taken_numbers: HashSet<i64>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        present: &'a Snapshot,
        sealed: &'a [OrganisationEntry],
        new: &[NewUser],
    ) -> Self {
        let mut units: HashMap<&str, HashSet<&str>> = HashMap::new();
        for organisation in present.organisations.iter().chain(sealed) {
            units
                .entry(&organisation.name)
                .or_default()
                .extend(organisation.units.iter().map(|unit| unit.id.as_str()));
        }
        let numbers = present.users.iter().map(|user| user.number);
        Self {
            users: present
                .users
                .iter()
                .map(|user| (login_form(&user.user_name), user))
                .collect(),
            units,
            taken_numbers: numbers
                .chain(new.iter().filter_map(|user| user.number))
                .collect(),
        }
    }

    pub(super) fn known(&self, user: &NewUser) -> Option<&'a UserEntry> {
        self.users.get(&login_form(&user.user_name)).copied()
    }

    pub(super) fn number_of(&self, user: &NewUser) -> Option<i64> {
        user.number
            .or_else(|| self.known(user).map(|known| known.number))
    }

    pub(super) fn free_numbers(&self) -> impl Iterator<Item = i64> + use<> {
        let next = self
            .taken_numbers
            .iter()
            .max()
            .map_or(1, |last| last.saturating_add(1));
        next..
    }

    /// No two users may share a login name or number, be it with one already there.
    pub(super) fn check_unique(&self, users: &[NewUser]) -> Result<(), FileError> {
        let mut logins: HashMap<String, String> = HashMap::new();
        let mut numbers: HashMap<i64, String> = HashMap::new();
        let in_file: HashSet<_> = users
            .iter()
            .map(|user| login_form(&user.user_name))
            .collect();
        for (name, user) in &self.users {
            if !in_file.contains(name) {
                logins.insert(name.clone(), name.clone());
                logins.extend(
                    user.email
                        .iter()
                        .map(|email| (login_form(email), name.clone())),
                );
                numbers.insert(user.number, name.clone());
            }
        }
        for user in users {
            let name = login_form(&user.user_name);
            let email = user.email.as_deref().map(login_form);
            let own = [Some(name.clone()), email.filter(|email| *email != name)];
            for login in own.into_iter().flatten() {
                if let Some(other) = logins.insert(login, name.clone()) {
                    return Err(wrong(
                        user,
                        format!("user {other} logs in by the same name or e-mail address"),
                    ));
                }
            }
            if let Some(number) = self.number_of(user)
                && let Some(other) = numbers.insert(number, name)
            {
                return Err(wrong(user, format!("user {other} has the same number")));
            }
        }
        Ok(())
    }
}
