//! The rules for users: names, e-mail addresses, numbers and the organisation.

use std::collections::HashSet;

use super::{
    LABEL, LAST_NUMBER, LONGEST_URL, check_name, check_required, check_text, check_visible,
    normalize_link, tidy_if_any, tidy_units,
};
use crate::directory::UserEntry;
use crate::names::tidy;

/// The name of card identifiers in messages.
const IDENTIFIER: &str = "the identifier";

/// The maximum length of an e-mail address, in octets (RFC 5321, section 4.5.3.1).
const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;

/// Brings the values that differ from the known entry into their stored form. Fails with a reason if one breaks a
/// rule.
pub(in crate::directory) fn normalize_user(
    user: &mut UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), String> {
    let is_known = |of: fn(&UserEntry) -> &str, user: &UserEntry| {
        known.is_some_and(|known| of(known) == of(user))
    };
    if !is_known(|user| &user.user_name, user) {
        user.user_name = tidy(&user.user_name);
        check_required("the user name", &user.user_name)?;
    }
    if known.is_none_or(|known| known.email != user.email) {
        user.email = tidy_if_any(user.email.as_deref());
        user.email.as_deref().map_or(Ok(()), check_email)?;
    }
    if !is_known(|user| &user.first_name, user) {
        user.first_name = tidy(&user.first_name);
        check_name("the first name", &user.first_name)?;
    }
    if !is_known(|user| &user.last_name, user) {
        user.last_name = tidy(&user.last_name);
        check_name("the last name", &user.last_name)?;
    }
    if !is_known(|user| &user.image_url, user) {
        user.image_url = tidy(&user.image_url);
        check_text("the picture's address", &user.image_url, LONGEST_URL)?;
    }
    if !is_known(|user| &user.organisation, user) {
        user.organisation = tidy(&user.organisation);
        check_name("the organisation", &user.organisation)?;
    }
    if known.is_none_or(|known| known.default_unit != user.default_unit) {
        user.default_unit = tidy_if_any(user.default_unit.as_deref());
    }
    if known.is_none_or(|known| known.units != user.units) {
        user.units = tidy_units(&user.units);
    }
    normalize_link(user, known)
}

/// Returns whether a stored entry has a value that the current rules would reject or change.
pub fn breaks_rules(user: &UserEntry) -> bool {
    let mut settled = user.clone();
    let is_refused = normalize_user(&mut settled, None)
        .and_then(|()| check_number(user.number, None))
        .is_err();
    let is_tidy = |(_, line): (_, &str)| tidy(line) == line;
    let has_odd_line = check_lines(user, None).is_err() || !lines(user).all(is_tidy);
    is_refused || settled != *user || has_odd_line
}

/// Checks the identifiers of cards and labels of application passwords that the known entry does not have. Fails
/// with a reason if one breaks the rules of [`check_visible`].
pub(in crate::directory) fn check_lines(
    user: &UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), String> {
    let known: HashSet<_> = known.into_iter().flat_map(lines).collect();
    let mut new = lines(user).filter(|line| !known.contains(line));
    new.try_for_each(|(what, line)| check_visible(what, line))
}

fn lines(user: &UserEntry) -> impl Iterator<Item = (&'static str, &str)> {
    let cards = user.access_cards.iter();
    let identifiers = cards.filter_map(|card| Some((IDENTIFIER, card.identifier.as_deref()?)));
    let passwords = user.app_passwords.iter().flatten();
    identifiers.chain(passwords.map(|one| (LABEL, one.label.as_str())))
}

/// Checks a user's number. Fails with a reason if it is not between 1 and [`LAST_NUMBER`], unless the user has it
/// already.
pub(in crate::directory) fn check_number(
    number: i64,
    known: Option<&UserEntry>,
) -> Result<(), String> {
    let is_known = known.is_some_and(|known| known.number == number);
    if is_known || (1..=LAST_NUMBER).contains(&number) {
        return Ok(());
    }
    Err(format!("the number is not between 1 and {LAST_NUMBER}"))
}

/// Checks that an e-mail address is like `name@example.com`, in any script (RFC 5321, RFC 6531). Fails with a
/// reason if it is not.
fn check_email(email: &str) -> Result<(), String> {
    let what = "the e-mail address";
    check_text(what, email, LONGEST_EMAIL)?;
    check_visible(what, email)?;
    let expected = || "the e-mail address is not like name@example.com".to_owned();
    let (local, domain) = email.rsplit_once('@').ok_or_else(expected)?;
    let is_odd = |c: char| c.is_whitespace() || "<>()[]:;,@\\\"".contains(c);
    let is_label = |label: &str| {
        let inside = label
            .chars()
            .all(|c| c.is_alphanumeric() || !c.is_ascii() || c == '-' || c == '_');
        !label.is_empty() && inside && !label.contains(is_odd)
    };
    let fits =
        !local.is_empty() && local.len() <= LONGEST_LOCAL_PART && email.len() <= LONGEST_EMAIL;
    if fits && !local.contains(is_odd) && domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(expected())
    }
}
