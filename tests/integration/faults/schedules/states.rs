//! The state of users in the end.
//!
//! It must match the model, and a change with an unknown result must be both made and recorded, or neither.

use crate::faults::schedules::audit::Events;
use crate::faults::schedules::model::{Attempt, Model, User};
use crate::faults::schedules::plan::Dialect;
use crate::faults::schedules::requests::{self, Outcome};
use crate::faults::schedules::verify::Asker;

/// Compares a user with the model. Returns whether a change with an unknown result has ended the tokens that
/// existed before.
pub(crate) fn compare(
    asker: &Asker<'_>,
    model: &Model,
    index: usize,
    events: &Events,
    wrong: &mut Vec<String>,
) -> bool {
    let user = &model.users[index];
    let id = user.id.to_string();
    let path = format!("users/{}", user.name);
    let shown = asker.ask(0, &requests::admin("GET", &path, None));
    let Some(state) = shown.text("/state") else {
        wrong.push(format!("user {index} cannot be shown: {shown:?}"));
        return false;
    };
    let is_active = state == "active";
    let fits = |active: bool, password: &str| {
        is_active == active && (!active || logs_in(asker, index, user, password))
    };
    let is_as_before = || fits(user.is_active, &user.password);
    let recorded = |kinds: &[&str]| events.of_user(&id, kinds) > model.answered(index, kinds);
    let (made, kinds, ends): (_, &[&str], _) = match &user.attempt {
        None | Some(Attempt::EndSessions) => {
            if !is_as_before() {
                wrong.push(format!("user {index} is {state}, and expected as {user:?}"));
            }
            return user.attempt.is_some() && recorded(&["end_sessions"]);
        }
        Some(Attempt::Import {
            active, password, ..
        }) => {
            // The event of an import names no user.
            let made = fits(*active, password);
            if !made && !is_as_before() {
                wrong.push(format!("user {index} is {state}: half an import: {user:?}"));
            }
            return made && (user.is_active || !active);
        }
        Some(Attempt::Active(wanted)) => {
            let kinds: &[&str] = if *wanted {
                &["enable_user"]
            } else {
                &["disable_user"]
            };
            let made = fits(*wanted, &user.password);
            if !made && !is_as_before() {
                wrong.push(format!("user {index} is {state}: half a change: {user:?}"));
            }
            (made, kinds, !wanted)
        }
        Some(Attempt::Password { after, .. }) => {
            let kinds: &[&str] = &["set_password", "reset_password"];
            let made = if is_active {
                fits(user.is_active, after)
            } else {
                // A disabled user cannot log in to try the password.
                recorded(kinds)
            };
            if !made && !is_as_before() {
                wrong.push(format!(
                    "user {index} has neither the old nor the new password: {user:?}"
                ));
            }
            (made, kinds, true)
        }
    };
    let recorded = recorded(kinds);
    // An event that says that the result is unknown is sufficient.
    if made != recorded && !(made && events.are_in_doubt(&id, kinds)) {
        let attempt = &user.attempt;
        let list = events.describe(&id);
        wrong.push(format!(
            "user {index}, {attempt:?}: made is {made}, recorded is {recorded}:\n      {list}"
        ));
    }
    recorded && ends
}

fn logs_in(asker: &Asker<'_>, index: usize, user: &User, password: &str) -> bool {
    let call = requests::login(Dialect::Memsource, user, password, "");
    matches!(asker.ask(index, &call), Outcome::Done(_))
}
