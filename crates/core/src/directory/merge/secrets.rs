//! Merges passwords and pass codes.

use super::users::One;
use super::{Merge, Outcome, entry_error, takes};
use crate::directory::origin::Part;
use crate::directory::wanted::{Secret, SetHere, WantedUser};
use crate::directory::{KeyDigest, UserEntry};

/// The result of comparing a secret in a file with the stored hash.
pub(super) enum SecretComparison {
    /// Both are the same.
    Same,
    /// The file has another secret, with this hash.
    Other(String),
    /// The file has another secret, but it is not hashed, or the stored hash has changed since it was hashed.
    Unknown,
}

impl Secret {
    /// Returns how the secret compares with the stored hash `now`, and with the earlier hashes of the same
    /// password that the stored one has replaced, of which `replaced` contains the digests.
    pub(super) fn beside(&self, now: &str, replaced: &[KeyDigest]) -> SecretComparison {
        let is_now = |hash: &str| hash == now || replaced.contains(&KeyDigest::of(hash));
        match self {
            Self::Clear(_) => SecretComparison::Unknown,
            Self::Hash(hash) | Self::Hashed { hash, .. } if is_now(hash) => SecretComparison::Same,
            Self::Hash(hash) => SecretComparison::Other(hash.clone()),
            Self::Hashed { hash, beside } => match beside {
                Some(beside) if is_now(beside) => SecretComparison::Other(hash.clone()),
                // Another hash was stored while this secret was being hashed.
                Some(_) | None => SecretComparison::Unknown,
            },
        }
    }

    /// Returns the hash to store for a new entry. A secret in clear text has none: returns `None` if the file's
    /// secrets have been hashed (`sealed`), and an empty text in place of the later hash if they have not.
    pub(super) fn hash(&self, sealed: bool) -> Option<String> {
        match self {
            Self::Hash(hash) | Self::Hashed { hash, .. } => Some(hash.clone()),
            Self::Clear(_) => (!sealed).then(String::new),
        }
    }
}

impl Merge<'_> {
    pub(super) fn merge_password(&mut self, one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        let Some(known) = known else {
            let Some(secret) = &wanted.password else {
                return match entry.authority {
                    Some(_) => Ok(()),
                    None => Err(entry_error(label, NO_SECRET)),
                };
            };
            let hash = secret.hash(self.wanted.sealed);
            entry.password_hash = if_any(hash.ok_or_else(|| entry_error(label, GONE))?);
            entry.replaced_hashes.clone_from(&wanted.replaced_hashes);
            entry.set_here.extend(marked(wanted, Part::Password));
            return Ok(());
        };
        let Some(secret) = &wanted.password else {
            return Ok(());
        };
        let rule = self.precedence().passwords;
        let set_here = known.set_here.contains(&Part::Password);
        let replaces = set_here && takes(set_here, rule);
        match secret.beside(known.hash_or_empty(), &known.replaced_hashes) {
            // The stored hash is only of a password that the authority accepted.
            SecretComparison::Other(hash)
                if hash.is_empty()
                    && known.judging_authority().is_some()
                    && !newer
                    && !takes(set_here, rule) => {}
            SecretComparison::Same if replaces => set_marks(wanted, entry, Part::Password),
            SecretComparison::Same => {}
            // One hash has replaced the other, here or in the file: both are of the same password.
            SecretComparison::Other(_) if replaces_here(wanted, known) => {}
            SecretComparison::Other(hash) if newer || takes(set_here, rule) => {
                entry.password_hash = if_any(hash);
                entry.replaced_hashes.clone_from(&wanted.replaced_hashes);
                set_marks(wanted, entry, Part::Password);
            }
            SecretComparison::Unknown if rule == SetHere::Replace => {
                entry.password_hash = secret.hash(self.wanted.sealed).and_then(if_any);
                entry.replaced_hashes.clear();
                set_marks(wanted, entry, Part::Password);
            }
            SecretComparison::Other(_) | SecretComparison::Unknown => self.keep(label, "password"),
        }
        Ok(())
    }
}

const GONE: &str = "was removed while the file was read: import it again";

const NO_SECRET: &str = "needs password or password_hash, password = \"none\", or authority";

/// Returns a hash; `None` for the empty one of a user without a password.
fn if_any(hash: String) -> Option<String> {
    Some(hash).filter(|hash| !hash.is_empty())
}

/// Returns whether the stored hash is one of those that, according to the file, the hash in the file has replaced.
fn replaces_here(wanted: &WantedUser, known: &UserEntry) -> bool {
    let now = KeyDigest::of(known.hash_or_empty());
    wanted.replaced_hashes.contains(&now)
}

/// Returns the part if the file marks it as set by other means than an import; `None` otherwise.
pub(super) fn marked(wanted: &WantedUser, part: Part) -> Option<Part> {
    wanted.set_here.contains(&part).then_some(part)
}

/// Marks a part of the entry as set by other means than an import if the file marks it so, and removes the mark if
/// not, because the part now has the file's value.
pub(super) fn set_marks(wanted: &WantedUser, entry: &mut UserEntry, part: Part) {
    entry.set_here.retain(|here| *here != part);
    entry.set_here.extend(marked(wanted, part));
    entry.set_here.sort();
}
