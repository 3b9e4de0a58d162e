//! Merges application keys, and revoked ones.

use std::collections::{HashMap, HashSet};

use super::{Merge, Outcome, entry_error};
use crate::directory::digest_keys::DigestKind;
use crate::directory::rules::{LABEL, check_visible};
use crate::directory::user_change::{UserChange, count};
use crate::directory::wanted::{SetHere, WantedKey};
use crate::directory::{KeyDigest, KeyEntry, Patch, RevokedKeyEntry};
use crate::error::StoreError;
use crate::key_limits::{InvalidLimit, KeyLimits};
use crate::names::login_form;
use crate::scope::Scopes;

impl Merge<'_> {
    /// Returns the keys that are new or differ, and those to revoke. A key that was revoked here is not added
    /// again, unless the precedence says so. Keeps the faults of invalid keys. Fails if a digest key that may be needed
    /// does not open.
    pub(super) fn keys(
        &mut self,
        users: &[UserChange],
    ) -> Result<(Vec<KeyEntry>, Vec<RevokedKeyEntry>), StoreError> {
        let of_file = users.iter().flat_map(|user| {
            let name = &user.entry.user_name;
            user.entry
                .logins()
                .map(move |login| (login_form(&login), name.clone()))
        });
        let mut names: HashMap<String, String> = HashMap::new();
        let present = &self.present;
        for (login, owner) in present.imported_names.iter().chain(&present.logins) {
            names.insert(login_form(login), owner.user_name.clone());
        }
        names.extend(of_file);
        let revoked = self.revoked_in_file()?;
        let in_file: HashSet<_> = revoked.iter().map(name_of).collect();
        let mut changed = Vec::new();
        for wanted in &self.wanted.keys {
            let merged = self.merged_key(wanted, &in_file, &names);
            changed.extend(self.unless_faulty(merged)?.flatten());
        }
        Ok((changed, self.revoked_keys(revoked)))
    }

    /// Returns the key if it must be written; `None` if it is up to date, was revoked here or acts as an erased user.
    /// Fails if it is invalid, or if a digest key that may be needed does not open.
    fn merged_key(
        &mut self,
        wanted: &WantedKey,
        in_file: &HashSet<(&str, KeyDigest)>,
        names: &HashMap<String, String>,
    ) -> Outcome<Option<KeyEntry>> {
        let digest = self.key_digest(&wanted.realm, wanted.digest)?;
        let name = (wanted.realm.as_str(), digest);
        let known = self.keys.get(&name).copied();
        let label = wanted.label.as_deref().unwrap_or_default();
        let label = format!("{} key {label}", wanted.realm);
        if in_file.contains(&name) {
            return Err(entry_error(
                label,
                "the file has it among the revoked keys, too",
            ));
        }
        if known.is_none() && self.acts_as_nobody(wanted, names)? {
            self.applied.erased.push(label);
            return Ok(None);
        }
        let entry =
            merged(wanted, digest, known, names).map_err(|reason| entry_error(&*label, reason))?;
        let was_revoked = known.is_none() && self.revoked.contains(&name);
        if was_revoked && self.precedence().state == SetHere::Keep {
            self.keep(&label, "revocation");
            return Ok(None);
        }
        let is_changed = count(&mut self.applied, known, &entry);
        Ok(is_changed.then_some(entry))
    }

    /// Returns whether the key acts as an erased user whose name no other user has now. Fails if this cannot be
    /// decided because a digest key does not open.
    fn acts_as_nobody(&self, wanted: &WantedKey, names: &HashMap<String, String>) -> Outcome<bool> {
        let is_known = match &wanted.user {
            Patch::Set(user) => names.contains_key(&login_form(user)),
            Patch::Keep | Patch::Remove => true,
        };
        Ok(!is_known && self.acts_as_erased(wanted)?)
    }

    /// Returns the keys that the file lists as revoked, with their stored digests. Fails if a digest key that may
    /// be needed does not open.
    fn revoked_in_file(&self) -> Result<Vec<RevokedKeyEntry>, StoreError> {
        let revoked = self.wanted.revoked_keys.iter().map(|key| {
            Ok(RevokedKeyEntry {
                digest: self.key_digest(&key.realm, key.digest)?,
                ..key.clone()
            })
        });
        revoked.collect()
    }

    /// Returns the form in which the digest of a key is stored already, preferring a valid key to a revoked one,
    /// or else the form for new ones. Fails if it is not stored and a digest key does not open.
    fn key_digest(&self, realm: &str, digest: KeyDigest) -> Result<KeyDigest, StoreError> {
        let what = DigestKind::Key { realm };
        let open = &self.present.open;
        let is_key = |form: &KeyDigest| self.keys.contains_key(&(realm, *form));
        if let Some(form) = open.forms(what, digest).into_iter().find(is_key) {
            return Ok(form);
        }
        let is_revoked = |form: &KeyDigest| self.revoked.contains(&(realm, *form));
        let all = self.keys.keys().chain(&self.revoked);
        let of_realm = all.filter(|(of, _)| *of == realm);
        let present = of_realm.map(|(_, digest)| *digest);
        open.stored_beside(what, digest, is_revoked, present)
    }

    /// Returns those of the revoked keys that are still valid or not known as revoked, and counts valid ones as
    /// updated.
    fn revoked_keys(&mut self, mut revoked: Vec<RevokedKeyEntry>) -> Vec<RevokedKeyEntry> {
        revoked.retain(|revoked| {
            let name = name_of(revoked);
            let is_there = self.keys.contains_key(&name);
            self.applied.updated += u64::from(is_there);
            is_there || !self.revoked.contains(&name)
        });
        revoked
    }
}

fn name_of(key: &RevokedKeyEntry) -> (&str, KeyDigest) {
    (&key.realm, key.digest)
}

fn merged(
    wanted: &WantedKey,
    digest: KeyDigest,
    known: Option<&KeyEntry>,
    names: &HashMap<String, String>,
) -> Result<KeyEntry, String> {
    let user = match &wanted.user {
        Patch::Keep => known.and_then(|known| known.user.clone()),
        Patch::Remove => None,
        Patch::Set(user) => match names.get(&login_form(user)) {
            Some(name) => Some(name.clone()),
            None => return Err(format!("there is no user {user}")),
        },
    };
    let known_label = known.map(|known| &known.label);
    let label = wanted.label.as_ref().or(known_label);
    let label = label.cloned().unwrap_or_default();
    if known_label != Some(&label) {
        check_visible(LABEL, &label)?;
    }
    let known_scopes = known.map_or(Scopes::ALL, |known| known.scopes.clone());
    let limits = limits_after(wanted, known_scopes.limits()).map_err(|error| error.to_string())?;
    let scopes = wanted.scopes.clone().unwrap_or(known_scopes);
    let expires_at = known.and_then(|known| known.expires_at);
    Ok(KeyEntry {
        realm: wanted.realm.clone(),
        label,
        digest,
        user,
        scopes: scopes.with_limits(limits),
        expires_at: wanted.expires_at.clone().after(expires_at),
    })
}

/// Returns the limits of a key that has the limits `known` before the import. Fails if they are invalid.
fn limits_after(wanted: &WantedKey, known: &KeyLimits) -> Result<KeyLimits, InvalidLimit> {
    let listed = |list: Option<&[String]>| list.map(<[String]>::to_vec);
    let dialects = wanted.dialects.clone().after(listed(known.dialects()));
    let audiences = wanted.audiences.clone().after(listed(known.audiences()));
    KeyLimits::new(&wanted.realm, dialects, audiences)
}
