//! The rules for the entries of a directory, the same for directory files, the management API and commands.
//!
//! Texts are trimmed and in NFC, and an empty text is absent. A value that is stored already is never
//! refused: an entry may keep what a rule of a later release would not let in.

mod looks;
mod names;
mod organisations;
mod users;

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

pub(super) use self::looks::{clash, clashes_to_the_letter, look, shown};
pub(super) use self::names::{login_forms, spellings, stored_line, stored_login, stored_spellings};
pub(super) use self::organisations::{settle_organisation, settle_unit, settle_units};
pub(super) use self::users::{breaks_rules, check_number, settle_user};
use crate::printable::is_unprintable;
use crate::user::Role;

/// Of names, in characters.
const LONGEST_NAME: usize = 255;
/// Of the address of a picture, in characters.
const LONGEST_URL: usize = 2048;
/// The greatest number that JSON clients read exactly.
pub(super) const LAST_NUMBER: i64 = (1 << 53) - 1;

/// Returns a text as it is stored: trimmed, in NFC.
pub(super) fn tidy(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Returns a text as it is stored; `None` if nothing is left of it.
pub(super) fn tidy_if_any(text: Option<&str>) -> Option<String> {
    text.map(tidy).filter(|text| !text.is_empty())
}

/// Returns the identifiers of units as they are stored: in order, each once.
pub(super) fn tidy_units(units: &[String]) -> Vec<String> {
    let units: BTreeSet<_> = units.iter().map(|unit| tidy(unit)).collect();
    units.into_iter().filter(|unit| !unit.is_empty()).collect()
}

/// Returns the role of that name in any case; `None` for an empty text.
pub(super) fn role(name: &str) -> Result<Option<Role>, String> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(None);
    }
    let unknown = || {
        let names = Role::ALL.map(Role::name).join(", ");
        format!("the role is none of {names}")
    };
    Role::from_name(name).map(Some).ok_or_else(unknown)
}

/// Refuses a text that has to be there and is not, and any that cannot be a line of that length.
pub(super) fn check_required(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    check_text(what, text, LONGEST_NAME)
}

/// Refuses a text that cannot be a line of a name's length. It may be empty.
pub(super) fn check_name(what: &str, text: &str) -> Result<(), String> {
    check_text(what, text, LONGEST_NAME)
}

/// Returns the label of a key or an application password as it is stored, or why it cannot be one: a line
/// of 255 characters at most, which may be empty.
pub fn tidy_label(label: &str) -> Result<String, String> {
    let label = tidy(label);
    check_name("the label", &label)?;
    Ok(label)
}

fn check_text(what: &str, text: &str, longest: usize) -> Result<(), String> {
    if text.contains(is_unprintable) {
        return Err(format!("{what} holds a control character"));
    }
    if text.chars().nth(longest).is_some() {
        return Err(format!("{what} has more than {longest} characters"));
    }
    Ok(())
}
