//! What of a snapshot is yet to be written.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::{
    AppPasswordEntry, Applied, KeyDigest, KeyEntry, OrganisationEntry, RecoveryCodeEntry, Snapshot,
    UserEntry, login_form,
};

/// The entries that are new or differ.
pub(super) struct Changes<'a> {
    pub(super) organisations: Vec<&'a OrganisationEntry>,
    pub(super) users: Vec<UserChange<'a>>,
    pub(super) keys: Vec<&'a KeyEntry>,
    pub(super) applied: Applied,
}

/// A user who is new or differs.
pub(super) struct UserChange<'a> {
    /// As the user is to be, with nothing left unsaid.
    pub(super) entry: UserEntry,
    pub(super) known: Option<&'a UserEntry>,
}

impl<'a> Changes<'a> {
    pub(super) fn between(present: &'a Snapshot, wanted: &'a Snapshot) -> Self {
        let mut applied = Applied::default();
        let known = by(&present.organisations, |organisation| organisation.id);
        let organisations = wanted.organisations.iter().filter(|organisation| {
            differs(&mut applied, known.get(&organisation.id), organisation)
        });
        let organisations = organisations.collect();
        let known = by(&present.users, |user| user.id);
        let users = wanted.users.iter().map(|user| {
            let known = known.get(&user.id).copied();
            let entry = completed(user, known);
            UserChange { entry, known }
        });
        let users = users.filter(|user| differs(&mut applied, user.known.as_ref(), &user.entry));
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

/// The entry, with what it leaves unsaid taken from what is known of the user.
fn completed(wanted: &UserEntry, known: Option<&UserEntry>) -> UserEntry {
    let mut entry = wanted.clone();
    // A hash that was replaced is the same password still.
    let replaced = known.filter(|known| {
        let wanted = KeyDigest::of(&wanted.password_hash);
        known.replaced_hashes.contains(&wanted)
    });
    if let Some(known) = replaced {
        entry.password_hash.clone_from(&known.password_hash);
    }
    let same = known.filter(|known| known.password_hash == entry.password_hash);
    entry.replaced_hashes = same.map_or_else(Vec::new, |known| known.replaced_hashes.clone());
    let known_secret = known.and_then(|known| known.totp_secret.as_ref());
    entry.totp_secret = match wanted.totp_secret.as_ref() {
        None => known_secret.cloned(),
        Some(secret) => Some(secret.clone()).filter(|secret| !secret.is_empty()),
    };
    entry.recovery_codes = Some(recovery_codes(&entry, known));
    let app_passwords = entry.app_passwords.take();
    let mut app_passwords = app_passwords.unwrap_or_else(|| app_passwords_of(known).to_vec());
    app_passwords.sort();
    entry.app_passwords = Some(app_passwords);
    if let Some(known) = known {
        let ended = i64::from(ends_tokens(&entry, known));
        entry.generation = entry.generation.max(known.generation + ended);
    }
    entry
}

/// Codes belong to the secret that they were handed out with, and what is spent stays spent.
fn recovery_codes(entry: &UserEntry, known: Option<&UserEntry>) -> Vec<RecoveryCodeEntry> {
    let same = known.is_some_and(|known| known.totp_secret == entry.totp_secret);
    let known = known.and_then(|known| known.recovery_codes.as_deref());
    let known = known.unwrap_or_default();
    let mut codes = match &entry.recovery_codes {
        _ if entry.totp_secret.is_none() => Vec::new(),
        None if same => known.to_vec(),
        None => Vec::new(),
        Some(codes) => codes.clone(),
    };
    for code in &mut codes {
        let mut known = known.iter();
        code.spent |= known.any(|known| known.spent && known.digest == code.digest);
    }
    codes.sort();
    codes.dedup_by_key(|code| code.digest);
    codes
}

/// A new password, a disabling, another second factor, an application password less, another
/// organisation and a unit less end the tokens made before.
pub(super) fn ends_tokens(entry: &UserEntry, known: &UserEntry) -> bool {
    let factor = entry.totp_secret.is_some() && entry.totp_secret != known.totp_secret;
    let app_password = gone(
        app_passwords_of(Some(known)),
        app_passwords_of(Some(entry)),
        |one| one.digest,
    );
    known.password_hash != entry.password_hash
        || (entry.disabled && !known.disabled)
        || factor
        || !app_password.is_empty()
        || known.organisation != entry.organisation
        || !units_of(known).all(|unit| units_of(entry).any(|left| left == unit))
}

/// Those of the user alone.
fn units_of(user: &UserEntry) -> impl Iterator<Item = &String> {
    user.units.iter().chain(&user.default_unit)
}

impl UserChange<'_> {
    /// Whether what was noted of the second factor is about another one.
    pub(super) fn replaces_second_factor(&self) -> bool {
        self.known
            .is_some_and(|known| known.totp_secret != self.entry.totp_secret)
    }

    pub(super) fn recovery_codes(&self) -> &[RecoveryCodeEntry] {
        self.entry.recovery_codes.as_deref().unwrap_or_default()
    }

    /// The recovery codes that are to be no more.
    pub(super) fn gone_recovery_codes(&self) -> Vec<KeyDigest> {
        let known = self.known.and_then(|known| known.recovery_codes.as_deref());
        gone(known.unwrap_or_default(), self.recovery_codes(), |code| {
            code.digest
        })
    }

    pub(super) fn app_passwords(&self) -> &[AppPasswordEntry] {
        app_passwords_of(Some(&self.entry))
    }

    /// The application passwords that are to be no more.
    pub(super) fn gone_app_passwords(&self) -> Vec<KeyDigest> {
        gone(app_passwords_of(self.known), self.app_passwords(), |one| {
            one.digest
        })
    }
}

fn app_passwords_of(user: Option<&UserEntry>) -> &[AppPasswordEntry] {
    let listed = user.and_then(|user| user.app_passwords.as_deref());
    listed.unwrap_or_default()
}

fn gone<T>(known: &[T], wanted: &[T], digest: impl Fn(&T) -> KeyDigest) -> Vec<KeyDigest> {
    let wanted: HashSet<_> = wanted.iter().map(&digest).collect();
    let known = known.iter().map(digest);
    known.filter(|known| !wanted.contains(known)).collect()
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
