//! Compares a directory file with the directory, inside the transaction that applies it, and computes the changes.

mod attributes;
mod cards;
mod erased;
mod factors;
mod faults;
mod keys;
mod links;
mod organisations;
mod reported;
mod secrets;
mod states;
mod unique;
mod users;

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use self::faults::{Outcome, entry_error};
use super::origin::ImportedValues;
use super::present::Present;
use super::rules::{LAST_NUMBER, breaks_rules};
use super::user_change::UserChange;
use super::wanted::{Precedence, SetHere, Wanted, WantedUser};
use super::{
    Applied, EntryFaults, ImportError, Kept, KeyDigest, KeyEntry, OrganisationEntry,
    RevokedKeyEntry, UserEntry,
};
use crate::error::StoreError;

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
    /// If entries are invalid or conflict with other ones: all of them are listed. The entries of a synchronisation
    /// that are invalid are left out instead.
    pub fn of(present: &Present, wanted: &Wanted) -> Result<Self, ImportError> {
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
        let mut users = merge.users()?;
        merge.leave_out_conflicts(&mut users);
        // A key of a user who cannot be merged would be one more fault with the same cause.
        let (keys, revoked_keys) = if merge.applied.faults.is_empty() {
            merge.keys(&users)?
        } else {
            Default::default()
        };
        if !wanted.skips_faults() && !merge.applied.faults.is_empty() {
            return Err(ImportError::Entries(EntryFaults(merge.applied.faults)));
        }
        merge.report(&users);
        if wanted.lists_changes {
            merge.report_others(&organisations, &keys, &revoked_keys);
        }
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

    fn users(&mut self) -> Result<Vec<UserChange>, StoreError> {
        let numbers = self.wanted.numbers().into_iter();
        let numbers = numbers.filter(|number| *number < LAST_NUMBER);
        let last = numbers.chain(self.present.last_number).max();
        let mut free = last.map_or(1, |last| last.saturating_add(1))..;
        let mut met = HashSet::new();
        let mut changes = Vec::with_capacity(self.wanted.users.len());
        for wanted in &self.wanted.users {
            let merged = self.merged_user(wanted, &mut free, &mut met);
            let merged = merged.map_err(|error| error.about(wanted.id));
            changes.extend(self.unless_faulty(merged)?.flatten());
        }
        Ok(changes)
    }

    /// Returns what an entry changes; `None` if it is that of an erased user. Fails if the entry is invalid.
    fn merged_user(
        &mut self,
        wanted: &WantedUser,
        free: &mut impl Iterator<Item = i64>,
        met: &mut HashSet<Uuid>,
    ) -> Outcome<Option<UserChange>> {
        let id = self
            .present
            .id_of(wanted.id, &wanted.user_name, wanted.linked());
        let known: Option<&'a UserEntry> = id.and_then(|id| self.users.get(&id).copied());
        if known.is_none() && self.was_erased(wanted)? {
            self.applied
                .erased
                .push(format!("user {}", wanted.user_name));
            return Ok(None);
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
        let remembered = self.present.origins.get(&entry.id);
        let disabled_by = self.disabled_by(wanted, known, &entry);
        let origin = ImportedValues::of(&entry).disabled_by(disabled_by);
        Ok(Some(UserChange {
            differs: known != Some(&entry),
            origin: Some(origin).filter(|origin| remembered != Some(origin)),
            known: known.cloned(),
            exempt: wanted.grandfathered,
            entry,
        }))
    }
}

impl Merge<'_> {
    /// Checks that the file does not give another identifier for an existing user name, and fails if it does.
    /// Identifiers never change, because tokens refer to them.
    fn check_identity(&self, wanted: &WantedUser, known: Option<&UserEntry>) -> Outcome<()> {
        let named = self.present.id_of(None, &wanted.user_name, None);
        match named.filter(|_| wanted.id.is_some() && known.is_none()) {
            None => Ok(()),
            Some(_) if self.wanted.authority().is_some() => {
                let reason = "another user here has that name";
                Err(entry_error(format!("user {}", wanted.user_name), reason))
            }
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
