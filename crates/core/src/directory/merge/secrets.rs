//! Passwords, pass codes, and whether a user is disabled.

use super::users::One;
use super::{Judge, Outcome, takes, unfit};
use crate::directory::origin::Part;
use crate::directory::wanted::{Secret, SetHere, WantedUser};
use crate::directory::{KeyDigest, UserEntry};

/// What becomes of a secret.
pub(super) enum Verdict {
    /// It is what the file has.
    Same,
    /// The file has another one.
    Other(String),
    /// The file has another one, of which there is no hash, or none that was made beside this one.
    Unjudged,
}

impl Secret {
    /// Judges it beside the hash that is there now, and the hashes that this one has replaced.
    pub(super) fn beside(&self, now: &str, replaced: &[KeyDigest]) -> Verdict {
        let is_now = |hash: &str| hash == now || replaced.contains(&KeyDigest::of(hash));
        match self {
            Self::Clear(_) => Verdict::Unjudged,
            Self::Hash(hash) | Self::Sealed { hash, .. } if is_now(hash) => Verdict::Same,
            Self::Hash(hash) => Verdict::Other(hash.clone()),
            Self::Sealed { hash, beside } => match beside {
                Some(beside) if is_now(beside) => Verdict::Other(hash.clone()),
                // Another one was set while this one was hashed.
                Some(_) | None => Verdict::Unjudged,
            },
        }
    }

    /// Returns the hash of an entry that is not there yet.
    pub(super) fn hash(&self, sealed: bool) -> Option<String> {
        match self {
            Self::Hash(hash) | Self::Sealed { hash, .. } => Some(hash.clone()),
            Self::Clear(_) => (!sealed).then(String::new),
        }
    }
}

impl Judge<'_> {
    pub(super) fn merge_password(&mut self, one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        let Some(known) = known else {
            let Some(secret) = &wanted.password else {
                return Err(unfit(label, "needs password or password_hash"));
            };
            let hash = secret.hash(self.wanted.sealed);
            entry.password_hash = hash.ok_or_else(|| unfit(label, GONE))?;
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
        match secret.beside(&known.password_hash, &known.replaced_hashes) {
            Verdict::Same if replaces => set_marks(wanted, entry, Part::Password),
            Verdict::Same => {}
            // The hash that is there has replaced it, or the other way round: it is the same password.
            Verdict::Other(_) if replaces_here(wanted, known) => {}
            Verdict::Other(hash) if newer || takes(set_here, rule) => {
                entry.password_hash = hash;
                entry.replaced_hashes.clone_from(&wanted.replaced_hashes);
                set_marks(wanted, entry, Part::Password);
            }
            Verdict::Unjudged if rule == SetHere::Replace => {
                entry.password_hash = secret.hash(self.wanted.sealed).unwrap_or_default();
                entry.replaced_hashes.clear();
                set_marks(wanted, entry, Part::Password);
            }
            Verdict::Other(_) | Verdict::Unjudged => self.keep(label, "password"),
        }
        Ok(())
    }

    pub(super) fn merge_state(&mut self, one: One<'_>, entry: &mut UserEntry) {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        let set_here = known.is_some_and(|known| known.set_here.contains(&Part::State));
        let rule = self.precedence().state;
        if known.is_none() {
            entry.disabled = wanted.disabled.unwrap_or_default();
            entry.set_here.extend(marked(wanted, Part::State));
            return;
        }
        let Some(disabled) = wanted.disabled else {
            return;
        };
        let differs = disabled != entry.disabled;
        if takes(set_here, rule) || (newer && differs) {
            if differs || set_here {
                entry.disabled = disabled;
                set_marks(wanted, entry, Part::State);
            }
        } else if differs {
            self.keep(label, "state");
        }
    }
}

const GONE: &str = "was removed while the file was read: import it again";

/// Whether the file knows the hash that is there as one that its own has replaced.
fn replaces_here(wanted: &WantedUser, known: &UserEntry) -> bool {
    let now = KeyDigest::of(&known.password_hash);
    wanted.replaced_hashes.contains(&now)
}

/// The mark that the file has for that part.
pub(super) fn marked(wanted: &WantedUser, part: Part) -> Option<Part> {
    wanted.set_here.contains(&part).then_some(part)
}

/// Marks a part whose value is the file's as the file marks it.
pub(super) fn set_marks(wanted: &WantedUser, entry: &mut UserEntry, part: Part) {
    entry.set_here.retain(|here| *here != part);
    entry.set_here.extend(marked(wanted, part));
    entry.set_here.sort();
}
