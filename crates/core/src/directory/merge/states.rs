//! Merges whether a user is disabled.

use super::secrets::{marked, set_marks};
use super::users::One;
use super::{Merge, takes};
use crate::directory::UserEntry;
use crate::directory::origin::Part;
use crate::directory::wanted::WantedUser;

impl Merge<'_> {
    /// Disables or enables the user if the file says so, and the state was not set here.
    pub(super) fn merge_state(&mut self, one: One<'_>, entry: &mut UserEntry) {
        let One {
            label,
            wanted,
            known,
            newer,
        } = one;
        if let Some(authority) = self.wanted.authority()
            && known.is_some()
        {
            self.synchronise_state(one, entry, authority);
            return;
        }
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

    /// Disables a user who is disabled or gone at the authority. Enables a user again only if the last one to disable
    /// the user was a synchronisation with this authority, and not an operator.
    fn synchronise_state(&mut self, one: One<'_>, entry: &mut UserEntry, authority: &str) {
        match one.wanted.disabled {
            Some(true) if !entry.disabled => {
                entry.disabled = true;
                set_marks(one.wanted, entry, Part::State);
            }
            Some(false) if entry.disabled && self.disabler_of(entry) == Some(authority) => {
                entry.disabled = false;
                set_marks(one.wanted, entry, Part::State);
            }
            Some(false) if entry.disabled => self.keep(one.label, "state"),
            Some(_) | None => {}
        }
    }

    /// Returns the authority with which a synchronisation disabled the user; `None` if there was none.
    fn disabler_of(&self, entry: &UserEntry) -> Option<&str> {
        let origin = self.present.origins.get(&entry.id);
        origin.and_then(|origin| origin.disabler())
    }

    /// Returns the authority with which a synchronisation disabled the user, which is stored with the merged entry. A file that says that the user is disabled takes that over.
    pub(super) fn disabled_by(
        &self,
        wanted: &WantedUser,
        known: Option<&UserEntry>,
        entry: &UserEntry,
    ) -> Option<String> {
        let was_disabled = known.is_some_and(|known| known.disabled);
        let authority = self.wanted.authority();
        match (entry.disabled, was_disabled, authority) {
            (false, ..) => None,
            (true, false, authority) => authority.map(str::to_owned),
            (true, true, None) if wanted.disabled.is_some() => None,
            (true, true, _) => self.disabler_of(entry).map(str::to_owned),
        }
    }
}
