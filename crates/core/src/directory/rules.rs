//! The rules for the entries of a directory, the same for directory files, the management API and commands.
//!
//! Texts are trimmed and in NFC, and an empty text is absent. A stored value is never rejected: an entry may keep
//! a value that a rule of a later release would not accept.

mod links;
mod looks;
mod organisations;
mod users;
mod visible;

use std::collections::BTreeSet;

pub(super) use self::links::normalize_link;
pub use self::looks::look;
pub(super) use self::looks::{
    conflict, exact_conflict, look_of_organisation, organisation_conflict, shown,
};
pub(super) use self::organisations::{normalize_organisation, normalize_unit, normalize_units};
pub use self::users::breaks_rules;
pub(super) use self::users::{check_lines, check_number, normalize_user};
pub(super) use self::visible::check_visible;
pub use self::visible::is_invisible;
use crate::language::Language;
use crate::names::tidy;
use crate::printable::is_unprintable;
use crate::user::Role;

/// The name of labels in messages.
pub(super) const LABEL: &str = "the label";
/// The maximum length of names, in characters.
const LONGEST_NAME: usize = 255;
/// The maximum length of the URL of a picture, in characters.
const LONGEST_URL: usize = 2048;
/// The greatest number that all JSON clients read exactly (RFC 8259, section 6).
pub const LAST_NUMBER: i64 = (1 << 53) - 1;

/// Returns a text in its stored form; `None` if nothing is left of it.
pub(super) fn tidy_if_any(text: Option<&str>) -> Option<String> {
    text.map(tidy).filter(|text| !text.is_empty())
}

/// Returns the identifiers of units in their stored form: tidied, sorted, without duplicates and empty ones.
pub(super) fn tidy_units(units: &[String]) -> Vec<String> {
    let units: BTreeSet<_> = units.iter().map(|unit| tidy(unit)).collect();
    units.into_iter().filter(|unit| !unit.is_empty()).collect()
}

/// Returns the role with this name, in upper or lower case; `None` for an empty text. Fails if there is no such
/// role.
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

/// Returns the language that a file says, in its stored form; it may be empty. Fails with a reason if it is no language tag.
pub(super) fn stored_language(text: &str) -> Result<String, String> {
    let language = Language::parse_if_any(text);
    let language = language.map_err(|error| format!("the language is {error}"))?;
    Ok(language.map_or_else(String::new, |language| language.to_string()))
}

/// Checks a required name. Fails with a reason if it is empty, or if it breaks the rules of [`check_visible`].
pub(super) fn check_required(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    check_visible(what, text)
}

/// Checks a name, which may be empty. Fails with a reason if it has control characters or more than 255
/// characters.
pub(super) fn check_name(what: &str, text: &str) -> Result<(), String> {
    check_text(what, text, LONGEST_NAME)
}

/// Returns the label of a key or an application password in its stored form; it may be empty.
///
/// # Errors
/// A reason, if it has more than 255 characters, or control characters or invisible ones.
pub fn tidy_label(label: &str) -> Result<String, String> {
    let label = tidy_stored_label(label)?;
    check_visible(LABEL, &label)?;
    Ok(label)
}

/// Returns a label in its stored form, like [`tidy_label`], but accepts invisible characters: it may be stored
/// already. Fails with a reason if it has more than 255 characters or control characters.
pub(super) fn tidy_stored_label(label: &str) -> Result<String, String> {
    let label = tidy(label);
    check_name(LABEL, &label)?;
    Ok(label)
}

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn check_text(what: &str, text: &str, longest: usize) -> Result<(), String> {
    if let Some(character) = text.chars().find(|one| is_unprintable(*one)) {
        let point = code_point(character);
        return Err(format!("{what} holds a control character, {point}"));
    }
    if text.chars().nth(longest).is_some() {
        return Err(format!("{what} has more than {longest} characters"));
    }
    Ok(())
}
