//! Merges links to authorities.

use super::secrets::{marked, set_marks};
use super::users::One;
use super::{Merge, Outcome, entry_error, takes};
use crate::directory::origin::Part;
use crate::directory::rules::normalize_link;
use crate::directory::wanted::{Secret, WantedLink};
use crate::directory::{Patch, UserEntry};

impl Merge<'_> {
    /// Sets the authority and the identifier there if the file sets them, and they are not set here. A file without
    /// them changes no link, and neither does one that repeats the authority of a user who was linked or adopted here
    /// since. Fails if a value breaks a rule.
    pub(super) fn merge_link(&mut self, one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        let refused = |reason: String| entry_error(label, reason);
        let mut linked = entry.clone();
        set(&wanted.link, &mut linked);
        if wanted.grandfathered {
            if linked.authority.is_none() {
                (linked.adopted, linked.external_id) = (false, None);
            }
        } else {
            normalize_link(&mut linked, known).map_err(refused)?;
        }
        let Some(known) = known else {
            entry.set_here.extend(marked(wanted, Part::Authority));
            take(entry, linked);
            return Ok(());
        };
        let is_said =
            wanted.link.authority != Patch::Keep || wanted.link.external_id != Patch::Keep;
        if !is_said {
            return Ok(());
        }
        let differs = parts(&linked) != parts(known);
        if self.wanted.authority().is_some() {
            if differs {
                take(entry, linked);
                // As at a login: a file that names the authority alone does not remove the identifier.
                entry.set_here.push(Part::Authority);
                entry.set_here.sort();
                entry.set_here.dedup();
            }
            return Ok(());
        }
        let set_here = known.set_here.contains(&Part::Authority);
        if takes(set_here, self.precedence().state) || (newer && differs) {
            if differs || set_here {
                take(entry, linked);
                set_marks(wanted, entry, Part::Authority);
            }
        } else if differs {
            self.keep(label, "authority");
        }
        Ok(())
    }
}

/// Sets what the file says of a link. Another authority begins without an identifier.
fn set(wanted: &WantedLink, entry: &mut UserEntry) {
    let before = entry.authority.take();
    entry.authority = wanted.authority.clone().after(before.clone());
    if entry.authority != before {
        (entry.external_id, entry.adopted) = (None, false);
    }
    entry.external_id = wanted.external_id.clone().after(entry.external_id.take());
    if wanted.authority != Patch::Keep {
        entry.adopted = wanted.adopted.unwrap_or(entry.adopted);
    }
}

fn take(entry: &mut UserEntry, linked: UserEntry) {
    entry.authority = linked.authority;
    entry.external_id = linked.external_id;
    entry.adopted = linked.adopted;
}

fn parts(user: &UserEntry) -> (Option<&str>, Option<&str>, bool) {
    (
        user.authority.as_deref(),
        user.external_id.as_deref(),
        user.adopted,
    )
}

/// Sets when the authority accepted the password: unchanged with the password and the link, otherwise as the file says
/// of its own hash.
pub(super) fn merge_acceptance(one: One<'_>, entry: &mut UserEntry) {
    let is_unchanged = one.known.is_some_and(|known| {
        known.password_hash == entry.password_hash && parts(known) == parts(entry)
    });
    if is_unchanged {
        return;
    }
    let of_file = match &one.wanted.password {
        Some(Secret::Hash(hash)) => hash == entry.hash_or_empty(),
        Some(Secret::Clear(_) | Secret::Hashed { .. }) | None => false,
    };
    let said = one.wanted.accepted_at.filter(|_| of_file);
    entry.accepted_at = said.filter(|_| entry.authority.is_some());
}
