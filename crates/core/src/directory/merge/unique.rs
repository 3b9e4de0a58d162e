//! Checks that no two users share a login name, a number, an external id at an authority, or the code or
//! identifier of an access card.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use crate::directory::change::UserRef;
use crate::directory::change::links::same_link;
use crate::directory::digest_keys::DigestKind;
use crate::directory::looks::Login;
use crate::directory::present::Present;
use crate::directory::rules::{conflict, exact_conflict, look};
use crate::directory::user_change::UserChange;
use crate::directory::{EntryFault, KeyDigest, UserEntry};

/// The unique values of users whom the import does not change, and of its entries that were checked already.
#[derive(Default)]
pub(super) struct Unique {
    /// By look.
    logins: HashMap<String, Vec<Login>>,
    numbers: HashMap<i64, String>,
    links: HashMap<(String, String), String>,
    codes: HashMap<KeyDigest, String>,
    identifiers: HashMap<String, String>,
}

impl Unique {
    /// Returns the faults of the users who conflict with others, by their place in the list.
    pub(super) fn conflicts(
        present: &Present,
        users: &[UserChange],
    ) -> BTreeMap<usize, EntryFault> {
        let mut taken = Self::of_others(present, users);
        // Stored names stay, even if two of them are the same name since names are normalised.
        for user in users {
            for login in user.entry.logins().filter(|login| user.had_login(login)) {
                taken.add_login(login, named(&user.entry));
            }
        }
        let mut conflicts = BTreeMap::new();
        for (index, user) in users.iter().enumerate() {
            let outcome = taken
                .add_cards(&user.entry)
                .and_then(|()| taken.add_logins(user))
                .and_then(|()| taken.add_number(&user.entry))
                .and_then(|()| taken.add_link(&user.entry));
            if let Err(reason) = outcome {
                let entry = format!("user {}", user.entry.user_name);
                let user = Some(user.entry.id);
                let fault = EntryFault {
                    entry,
                    reason,
                    user,
                };
                conflicts.insert(index, fault);
            }
        }
        conflicts
    }

    fn of_others(present: &Present, users: &[UserChange]) -> Self {
        let touched: HashSet<Uuid> = users.iter().map(|user| user.entry.id).collect();
        let is_other = |owner: &UserRef| !touched.contains(&owner.id);
        let mut taken = Self::default();
        let of_looks = present.looks.iter().map(|one| (&one.login, &one.owner));
        for (login, owner) in present.logins.iter().chain(of_looks) {
            if is_other(owner) {
                taken.add_login(login.clone(), owner.clone());
            }
        }
        for (number, owner) in present.numbers.iter().filter(|(_, owner)| is_other(owner)) {
            taken.numbers.insert(*number, owner.user_name.clone());
        }
        for (link, owner) in present.links.iter().filter(|(_, owner)| is_other(owner)) {
            taken.links.insert(link.clone(), owner.user_name.clone());
        }
        for (code, owner) in present.codes.iter().filter(|(_, owner)| is_other(owner)) {
            for form in present.open.forms(DigestKind::Card, *code) {
                taken.codes.insert(form, owner.user_name.clone());
            }
        }
        let identifiers = present.identifiers.iter();
        for (identifier, owner) in identifiers.filter(|(_, owner)| is_other(owner)) {
            let owner = owner.user_name.clone();
            taken.identifiers.insert(identifier.clone(), owner);
        }
        taken
    }

    fn add_login(&mut self, login: String, owner: UserRef) {
        let same = self.logins.entry(look(&login)).or_default();
        same.push(Login { login, owner });
    }

    fn add_logins(&mut self, change: &UserChange) -> Result<(), String> {
        let conflict = if change.exempt {
            exact_conflict
        } else {
            conflict
        };
        let user = &change.entry;
        for login in user.logins().filter(|login| !change.had_login(login)) {
            let same = self.logins.get(&look(&login));
            let mut others = same
                .into_iter()
                .flatten()
                .filter(|other| other.owner.id != user.id);
            if let Some(reason) = others.find_map(|other| conflict(&login, other)) {
                return Err(reason);
            }
            self.add_login(login, named(user));
        }
        Ok(())
    }

    fn add_number(&mut self, user: &UserEntry) -> Result<(), String> {
        let name = user.user_name.clone();
        match self.numbers.insert(user.number, name) {
            Some(other) => Err(format!("user {other} has the same number")),
            None => Ok(()),
        }
    }

    fn add_link(&mut self, user: &UserEntry) -> Result<(), String> {
        let Some((authority, external_id)) = user.link() else {
            return Ok(());
        };
        let link = (authority.to_owned(), external_id.to_owned());
        match self.links.insert(link, user.user_name.clone()) {
            Some(other) => Err(same_link(&other, authority)),
            None => Ok(()),
        }
    }

    fn add_cards(&mut self, user: &UserEntry) -> Result<(), String> {
        for card in &user.access_cards {
            let name = || user.user_name.clone();
            let code = card.code_digest;
            if let Some(other) = code.and_then(|code| self.codes.insert(code, name())) {
                return Err(format!("user {other} has an access card of the same code"));
            }
            let Some(identifier) = &card.identifier else {
                continue;
            };
            let same = self.identifiers.insert(identifier.clone(), name());
            if let Some(other) = same {
                return Err(format!(
                    "user {other} has an access card of the same identifier, {identifier}"
                ));
            }
        }
        Ok(())
    }
}

fn named(user: &UserEntry) -> UserRef {
    UserRef {
        id: user.id,
        user_name: user.user_name.clone(),
    }
}
