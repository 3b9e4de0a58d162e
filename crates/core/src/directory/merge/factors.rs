//! Merges second factors with their recovery codes, and application passwords.

use std::collections::HashSet;

use super::secrets::{marked, set_marks};
use super::users::One;
use super::{Merge, Outcome, entry_error, takes};
use crate::directory::origin::Part;
use crate::directory::wanted::SetHere;
use crate::directory::{AppPasswordEntry, KeyDigest, RecoveryCodeEntry, UserEntry};

const APP_PASSWORD: &str = "application password";

impl Merge<'_> {
    pub(super) fn merge_second_factor(
        &mut self,
        one: One<'_>,
        entry: &mut UserEntry,
    ) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        let now = entry.recovery_codes.take().unwrap_or_default();
        let secret = match &wanted.totp_secret {
            None => entry.totp_secret.clone(),
            Some(secret) => Some(secret.clone()).filter(|secret| !secret.is_empty()),
        };
        let wants_codes = wanted.recovery_codes.as_ref();
        if secret.is_none() && wants_codes.is_some_and(|codes| !codes.is_empty()) {
            return Err(entry_error(label, "recovery codes need a TOTP secret"));
        }
        let codes = match &wanted.recovery_codes {
            _ if secret.is_none() => Vec::new(),
            Some(codes) => codes.clone(),
            None if secret == entry.totp_secret => now.clone(),
            None => Vec::new(),
        };
        let set_here = known.is_some_and(|known| known.set_here.contains(&Part::SecondFactor));
        let said = wanted.totp_secret.is_some() || wanted.recovery_codes.is_some();
        let differs = secret != entry.totp_secret || digests(&codes) != digests(&now);
        let takes = takes(set_here, self.precedence().state) || (newer && differs);
        if known.is_none() || (said && takes) {
            entry.totp_secret = secret;
            entry.recovery_codes = Some(with_spent(codes, &now));
            if known.is_none() {
                entry.set_here.extend(marked(wanted, Part::SecondFactor));
            } else if differs || set_here {
                set_marks(wanted, entry, Part::SecondFactor);
            }
            return Ok(());
        }
        let listed = wanted.recovery_codes.as_deref().unwrap_or_default();
        entry.recovery_codes = Some(with_spent(now, listed));
        if said && differs {
            self.keep(label, "second factor");
        }
        Ok(())
    }

    /// Replaces the user's application passwords with those of the file, if it lists any. Depending on the
    /// precedence, those that were created here stay, and those that were revoked here are not added.
    pub(super) fn merge_app_passwords(&mut self, one: One<'_>, entry: &mut UserEntry) {
        let One {
            label,
            wanted,
            known,
            ..
        } = one;
        let replace = self.precedence().passwords == SetHere::Replace;
        let now = entry.app_passwords.take().unwrap_or_default();
        let mut passwords = now.clone();
        if let Some(listed) = &wanted.app_passwords {
            passwords.clear();
            let revoked: HashSet<_> = digests_of(&entry.revoked_app_passwords, |one| one.digest);
            for password in listed {
                if revoked.contains(&password.digest) && !replace {
                    self.keep(label, APP_PASSWORD);
                    continue;
                }
                let here = now.iter().find(|here| here.digest == password.digest);
                passwords.push(AppPasswordEntry {
                    set_here: here.map_or(password.set_here, |here| here.set_here && !replace),
                    ..password.clone()
                });
            }
            let listed = digests_of(listed, |one| one.digest);
            let revoked = digests_of(&wanted.revoked_app_passwords, |one| one.digest);
            for here in now.into_iter().filter(|here| here.set_here) {
                if !listed.contains(&here.digest) && !revoked.contains(&here.digest) && !replace {
                    passwords.push(here);
                    self.keep(label, APP_PASSWORD);
                }
            }
        }
        for revoked in &wanted.revoked_app_passwords {
            passwords.retain(|password| password.digest != revoked.digest);
            let known = known.map_or(&[][..], |known| &known.revoked_app_passwords);
            if known.iter().all(|known| known.digest != revoked.digest) {
                entry.revoked_app_passwords.push(revoked.clone());
            }
        }
        let good = digests_of(&passwords, |password| password.digest);
        let revoked = &mut entry.revoked_app_passwords;
        revoked.retain(|revoked| !good.contains(&revoked.digest));
        entry.revoked_app_passwords.sort();
        passwords.sort();
        passwords.dedup_by_key(|password| password.digest);
        entry.app_passwords = Some(passwords);
    }
}

fn digests_of<T>(entries: &[T], digest: impl Fn(&T) -> KeyDigest) -> HashSet<KeyDigest> {
    entries.iter().map(digest).collect()
}

fn digests(codes: &[RecoveryCodeEntry]) -> HashSet<KeyDigest> {
    digests_of(codes, |code| code.digest)
}

/// Returns the codes, sorted, with those marked as spent that are spent in either list.
fn with_spent(
    mut codes: Vec<RecoveryCodeEntry>,
    others: &[RecoveryCodeEntry],
) -> Vec<RecoveryCodeEntry> {
    let spent: HashSet<_> = others
        .iter()
        .filter(|other| other.spent)
        .map(|other| other.digest)
        .collect();
    for code in &mut codes {
        code.spent |= spent.contains(&code.digest);
    }
    codes.sort();
    codes.dedup_by_key(|code| code.digest);
    codes
}
