//! Names, addresses, roles and places.

use super::users::One;
use super::{Judge, takes};
use crate::directory::UserEntry;
use crate::directory::origin::{Attribute, Attributes, Value};

impl Judge<'_> {
    /// Takes over what the file says. Where it says what an import said before, while another value was
    /// set here since, the precedence decides.
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
            // By the name that an import gave, a user is found whatever the name is now.
            let only_finds = set_here && attribute == Attribute::UserName;
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

/// An export tells what an import last said where it was taken.
fn mark(imported: &Attributes, entry: &mut UserEntry) {
    let differs = |(attribute, value): &(&Attribute, &Value)| attribute.of(entry) != **value;
    let marks: Vec<_> = imported
        .iter()
        .filter(differs)
        .map(|(attribute, value)| (*attribute, value.clone()))
        .collect();
    entry.imported.extend(marks);
}
