//! Whether users are as known in the end, and whether changes that were not answered were both made and recorded,
//! or neither.

use crate::faults::schedules::audit::Events;
use crate::faults::schedules::model::{Attempt, Model, User};
use crate::faults::schedules::plan::Dialect;
use crate::faults::schedules::requests::{self, Outcome};
use crate::faults::schedules::verify::Asker;

/// Compares a user with what is known, and returns whether a change that was not answered has ended the tokens
/// that there were before.
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
            // It is recorded without a user.
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
                // That cannot be tried.
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
    // That it is not known whether it was made will do.
    if made != recorded && !(made && events.are_in_doubt(&id, kinds)) {
        let attempt = &user.attempt;
        let told = events.told(&id);
        wrong.push(format!(
            "user {index}, {attempt:?}: made is {made}, recorded is {recorded}:\n      {told}"
        ));
    }
    recorded && ends
}

fn logs_in(asker: &Asker<'_>, index: usize, user: &User, password: &str) -> bool {
    let call = requests::login(Dialect::Memsource, user, password, "");
    matches!(asker.ask(index, &call), Outcome::Done(_))
}
