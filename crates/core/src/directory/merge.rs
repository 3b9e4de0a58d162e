//! Compares a directory file with the directory, inside the transaction that applies it, and computes the changes.

mod attributes;
mod cards;
mod erased;
mod factors;
mod keys;
mod links;
mod organisations;
mod secrets;
mod unique;
mod users;

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use self::unique::Unique;
use super::origin::ImportedValues;
use super::present::Present;
use super::rules::{LAST_NUMBER, breaks_rules};
use super::user_change::{UserChange, differs};
use super::wanted::{Precedence, SetHere, Wanted, WantedUser};
use super::{
    Applied, ImportError, Kept, KeyDigest, KeyEntry, OrganisationEntry, RevokedKeyEntry, UserEntry,
};

/// The changes that a file makes.
pub struct Changes {
    /// Organisations that are new or differ.
    pub organisations: Vec<OrganisationEntry>,
    /// Users who are new or differ, or whose last imported values differ.
    pub users: Vec<UserChange>,
    /// Keys that are new or differ.
    pub keys: Vec<KeyEntry>,
    /// Keys to revoke.
    pub revoked_keys: Vec<RevokedKeyEntry>,
    /// New digests of users who were erased in the directory that wrote the file.
    pub erased: Vec<KeyDigest>,
    /// The result to report.
    pub applied: Applied,
}

/// Returns the error for an entry that is invalid or conflicts with the directory.
pub(super) fn entry_error(entry: impl Into<String>, reason: impl Into<String>) -> ImportError {
    ImportError::Entry {
        entry: entry.into(),
        reason: reason.into(),
    }
}

type Outcome<T> = Result<T, ImportError>;

/// The entries that a file is compared with, and the result so far.
struct Merge<'a> {
    wanted: &'a Wanted,
    present: &'a Present,
    users: HashMap<Uuid, &'a UserEntry>,
    /// The organisations by name, as the file leaves them.
    organisations: HashMap<String, OrganisationEntry>,
    organisation_names: HashMap<Uuid, String>,
    keys: HashMap<(&'a str, KeyDigest), &'a KeyEntry>,
    revoked: HashSet<(&'a str, KeyDigest)>,
    applied: Applied,
}

impl Changes {
    /// Compares a file with the directory and returns the changes. What the file does not set stays as it is; for
    /// values that were set here, the file's precedence decides.
    ///
    /// # Errors
    /// If an entry is invalid or conflicts with another one.
    pub fn of(present: &Present, wanted: &Wanted) -> Outcome<Self> {
        let known = present.entries.users.iter();
        let organisations = &present.entries.organisations;
        let keys = present.entries.keys.iter();
        let revoked = present.entries.revoked_keys.iter();
        let mut merge = Merge {
            wanted,
            present,
            users: known.map(|user| (user.id, user)).collect(),
            organisations: organisations
                .iter()
                .map(|one| (one.name.clone(), one.clone()))
                .collect(),
            organisation_names: organisations
                .iter()
                .map(|one| (one.id, one.name.clone()))
                .collect(),
            keys: keys
                .map(|key| ((key.realm.as_str(), key.digest), key))
                .collect(),
            revoked: revoked
                .map(|key| (key.realm.as_str(), key.digest))
                .collect(),
            applied: Applied::default(),
        };
        let organisations = merge.organisations()?;
        let users = merge.users()?;
        Unique::check(present, &users)?;
        let (keys, revoked_keys) = merge.keys(&users)?;
        let users = users.into_iter();
        Ok(Self {
            organisations,
            users: users
                .filter(|user| user.differs || user.origin.is_some())
                .collect(),
            keys,
            revoked_keys,
            erased: merge.new_tombstones(),
            applied: merge.applied,
        })
    }
}

/// Returns the directory that results from applying a file to an empty one; `None` if an entry is invalid.
#[cfg(fuzzing)]
pub(crate) fn directory_of(wanted: &Wanted) -> Option<super::Snapshot> {
    let changes = Changes::of(&Present::default(), wanted).ok()?;
    let mut users: Vec<_> = changes.users.into_iter().map(|user| user.entry).collect();
    users.sort_by_key(|user| user.number);
    Some(super::Snapshot {
        organisations: changes.organisations,
        users,
        keys: changes.keys,
        revoked_keys: changes.revoked_keys,
        digest_keys: Vec::new(),
        erased_users: changes.erased,
    })
}

impl<'a> Merge<'a> {
    fn precedence(&self) -> Precedence {
        self.wanted.precedence
    }

    fn keep(&mut self, entry: &str, what: &'static str) {
        let kept = Kept {
            entry: entry.to_owned(),
            what,
        };
        if !self.applied.kept.contains(&kept) {
            self.applied.kept.push(kept);
        }
    }

    fn users(&mut self) -> Outcome<Vec<UserChange>> {
        let numbers = self.wanted.numbers().into_iter();
        let numbers = numbers.filter(|number| *number < LAST_NUMBER);
        let last = numbers.chain(self.present.last_number).max();
        let mut free = last.map_or(1, |last| last.saturating_add(1))..;
        let mut met = HashSet::new();
        let mut changes = Vec::with_capacity(self.wanted.users.len());
        for wanted in &self.wanted.users {
            let id = self.present.id_of(wanted.id, &wanted.user_name);
            let known: Option<&'a UserEntry> = id.and_then(|id| self.users.get(&id).copied());
            if known.is_none() && self.was_erased(wanted)? {
                self.applied
                    .erased
                    .push(format!("user {}", wanted.user_name));
                continue;
            }
            self.check_identity(wanted, known)?;
            let mut entry = self.user(wanted, known)?;
            if known.is_none() && wanted.number().is_none() {
                entry.number = free.next().unwrap_or(i64::MAX);
            }
            entry.grandfathered = breaks_rules(&entry);
            if !met.insert(entry.id) {
                let reason = "the file has another entry of the same user";
                return Err(entry_error(format!("user {}", wanted.user_name), reason));
            }
            let origin = ImportedValues::of(&entry);
            let remembered = self.present.origins.get(&entry.id);
            changes.push(UserChange {
                differs: differs(&mut self.applied, known, &entry),
                origin: Some(origin).filter(|origin| remembered != Some(origin)),
                known: known.cloned(),
                exempt: wanted.grandfathered,
                entry,
            });
        }
        Ok(changes)
    }
}

impl Merge<'_> {
    /// Checks that the file does not give another identifier for an existing user name, and fails if it does.
    /// Identifiers never change, because tokens refer to them.
    fn check_identity(&self, wanted: &WantedUser, known: Option<&UserEntry>) -> Outcome<()> {
        let named = self.present.id_of(None, &wanted.user_name);
        match named.filter(|_| wanted.id.is_some() && known.is_none()) {
            None => Ok(()),
            Some(id) => {
                let reason = format!("the directory has that user with another id, {id}");
                Err(entry_error(format!("user {}", wanted.user_name), reason))
            }
        }
    }
}

/// Returns whether an import's value replaces the stored one: always, unless the stored one was set by other means
/// than an import (`set_here`) and the rule keeps such values.
fn takes(set_here: bool, rule: SetHere) -> bool {
    !set_here || rule == SetHere::Replace
}
