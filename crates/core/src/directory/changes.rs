//! What of a snapshot is yet to be written.

use std::collections::HashMap;
use std::hash::Hash;

use super::{Applied, KeyEntry, OrganisationEntry, Snapshot, UserEntry, login_form};

/// The entries that are new or differ.
pub(super) struct Changes<'a> {
    pub(super) organisations: Vec<&'a OrganisationEntry>,
    pub(super) users: Vec<UserChange<'a>>,
    pub(super) keys: Vec<&'a KeyEntry>,
    pub(super) applied: Applied,
}

/// A user who is new or differs.
pub(super) struct UserChange<'a> {
    pub(super) entry: &'a UserEntry,
    /// A new password or a disabling ends the tokens made before it.
    pub(super) ends_tokens: bool,
}

impl<'a> Changes<'a> {
    pub(super) fn between(present: &Snapshot, wanted: &'a Snapshot) -> Self {
        let mut applied = Applied::default();
        let known = by(&present.organisations, |organisation| organisation.id);
        let organisations = wanted.organisations.iter().filter(|organisation| {
            differs(&mut applied, known.get(&organisation.id), organisation)
        });
        let organisations = organisations.collect();
        let known = by(&present.users, |user| user.id);
        let users = wanted
            .users
            .iter()
            .filter(|user| differs(&mut applied, known.get(&user.id), user));
        let users = users.map(|entry| UserChange {
            entry,
            ends_tokens: known.get(&entry.id).is_some_and(|known| {
                known.password_hash != entry.password_hash || (entry.disabled && !known.disabled)
            }),
        });
        let users = users.collect();
        let name = |key: &KeyEntry| (key.realm.clone(), key.digest.hex());
        let known = by(&present.keys, name);
        let keys = wanted
            .keys
            .iter()
            .filter(|key| differs(&mut applied, known.get(&name(key)), key));
        Self {
            organisations,
            users,
            keys: keys.collect(),
            applied,
        }
    }
}

/// Every name that a user logs in by.
pub(super) fn logins(user: &UserEntry) -> impl Iterator<Item = String> {
    let name = login_form(&user.user_name);
    let email = user.email.as_deref().map(login_form);
    let email = email.filter(|email| *email != name && !email.is_empty());
    std::iter::once(name).chain(email)
}

fn by<T, K: Eq + Hash>(entries: &[T], key: impl Fn(&T) -> K) -> HashMap<K, &T> {
    entries.iter().map(|entry| (key(entry), entry)).collect()
}

/// Counts an entry as created, updated or unchanged, and tells whether it is to be written.
fn differs<T: PartialEq>(applied: &mut Applied, known: Option<&&T>, entry: &T) -> bool {
    let counter = match known {
        None => &mut applied.created,
        Some(known) if **known == *entry => &mut applied.unchanged,
        Some(_) => &mut applied.updated,
    };
    *counter += 1;
    known.is_none_or(|known| **known != *entry)
}
