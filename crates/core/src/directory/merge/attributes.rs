//! Merges names, addresses, roles, organisations and units.

use super::users::One;
use super::{Merge, takes};
use crate::directory::UserEntry;
use crate::directory::origin::{Attribute, Attributes, Value};

impl Merge<'_> {
    /// Sets the attributes that the file sets. If the file repeats the last imported value of an attribute that
    /// was changed here since, the precedence decides.
    pub(super) fn merge_attributes(&mut self, one: One<'_>, entry: &mut UserEntry) {
        let One {
            label,
            wanted,
            known,
            ..
        } = one;
        for (&attribute, value) in &wanted.attributes {
            let set_here = known.is_some_and(|known| {
                let imported = known.imported.get(&attribute);
                let is_said_again = imported.is_some_and(|imported| imported.is_like(value));
                is_said_again && !attribute.of(known).is_like(value)
            });
            // An imported name also selects a user who was renamed since; it does not rename the user back.
            let only_finds =
                set_here && attribute == Attribute::UserName && self.wanted.authority().is_none();
            if only_finds {
                continue;
            }
            if takes(set_here, self.precedence().attributes) {
                attribute.set(entry, value.clone());
                entry.imported.remove(&attribute);
            } else {
                self.keep(label, attribute.name());
            }
        }
        mark(&wanted.imported, entry);
    }
}

/// Marks attributes as changed since an import, as the export records it, if they differ from the imported values.
fn mark(imported: &Attributes, entry: &mut UserEntry) {
    let differs = |(attribute, value): &(&Attribute, &Value)| attribute.of(entry) != **value;
    let marks: Vec<_> = imported
        .iter()
        .filter(differs)
        .map(|(attribute, value)| (*attribute, value.clone()))
        .collect();
    entry.imported.extend(marks);
}
