//! What has to be so in the end, when nothing befalls anything any more: each live token is accepted, each
//! ended one refused, and state and audit log agree.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::audit::Events;
use crate::model::{Attempt, Kind, Model, State};
use crate::plan::{Dialect, IMPORTED, Manner, Way};
use crate::requests::{self, Call, Outcome};
use crate::site::Site;

/// How many schedules ask at the same time.
const AT_ONCE: usize = 4;
/// By then every gateway has given up each connection that was silenced: the time-out, and a second, and time
/// for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);
/// What ends all tokens of a user.
const ENDS_ALL: [&str; 5] = [
    "disable_user",
    "set_password",
    "reset_password",
    "end_sessions",
    "enable_user",
];

/// Who asks in the end.
struct Asker<'a> {
    site: &'a Site,
    /// By when there has to be an answer to every question.
    deadline: Instant,
}

impl Asker<'_> {
    /// Asks until there is an answer that is not "unavailable".
    fn ask(&self, gateway: usize, call: &Call) -> Outcome {
        loop {
            let answer = self.site.send(gateway, call, Manner::Patient);
            let outcome = answer.map_or(Outcome::Unseen, |answer| Outcome::of(&answer));
            let is_open = matches!(outcome, Outcome::Unavailable | Outcome::Unseen);
            if !is_open || Instant::now() > self.deadline {
                return outcome;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Verifies the schedules that ran together.
pub(crate) fn verify_all(site: &Site, models: &mut [Model], events: &Events) {
    let asker = &Asker {
        site,
        deadline: Instant::now() + PATIENCE,
    };
    let share = models.len().div_ceil(AT_ONCE);
    thread::scope(|scope| {
        for models in models.chunks_mut(share) {
            scope.spawn(|| {
                for model in models {
                    verify(asker, model, events);
                }
            });
        }
    });
}

fn verify(asker: &Asker<'_>, model: &mut Model, events: &Events) {
    let mut wrong = Vec::new();
    for expected in &model.expected {
        let id = model.users[expected.user].id.to_string();
        for kind in expected.events {
            let is_it = |event: &Value| {
                event["event"] == *kind && (event["outcome"] == "done" || *kind == "letter")
            };
            let is_recorded = match &expected.request_id {
                Some(request) => events.of_request(request).iter().any(is_it),
                None => events.of_user(&id, &[*kind]) >= model.answered(expected.user, &[*kind]),
            };
            if !is_recorded {
                let what = &expected.what;
                wrong.push(format!(
                    "{what}: was answered, and there is no event {kind}"
                ));
            }
        }
    }
    let listed = listed(asker, model, events, &mut wrong);
    tokens(asker, model, events, &listed, &mut wrong);
    for user in 0..model.users.len() {
        state_of_user(asker, model, user, events, &mut wrong);
    }
    model.wrong.extend(wrong);
}

/// The handles of all sessions that are listed. Each has to be recorded.
fn listed(
    asker: &Asker<'_>,
    model: &Model,
    events: &Events,
    wrong: &mut Vec<String>,
) -> HashSet<String> {
    let mut all = HashSet::new();
    for user in &model.users {
        let path = format!("sessions?user={}&limit=100000", user.name);
        let outcome = asker.ask(0, &requests::admin("GET", &path, None));
        let Outcome::Done(body) = outcome else {
            wrong.push(format!("the sessions of {}: {outcome:?}", user.name));
            continue;
        };
        let sessions = body["sessions"].as_array().into_iter().flatten();
        let mut unsure = events.issues_in_doubt(&user.id.to_string());
        for session in sessions {
            let text = |key: &str| session[key].as_str().unwrap_or_default().to_owned();
            let (handle, purpose) = (text("handle"), text("purpose"));
            // E-mails are recorded by `letter`, which knows no handle.
            let is_email = purpose != "access" && purpose != "remember";
            if !is_email && !events.of_handle(&handle, &["issue"]) {
                // One that was answered as unavailable may have been stored.
                let kind = (text("dialect"), purpose);
                match unsure.iter().position(|one| *one == kind) {
                    Some(index) => drop(unsure.swap_remove(index)),
                    None => {
                        wrong.push(format!("a token that no event issued is listed: {session}"));
                    }
                }
            }
            all.insert(handle);
        }
    }
    all
}

fn tokens(
    asker: &Asker<'_>,
    model: &Model,
    events: &Events,
    listed: &HashSet<String>,
    wrong: &mut Vec<String>,
) {
    for (index, token) in model.tokens.iter().enumerate() {
        let call = match token.kind {
            Kind::ResetKey if !matches!(token.state, State::Ended(..)) => continue,
            Kind::Cross | Kind::EmailLink | Kind::ResetKey => {
                requests::redeem(token, "unused-0815")
            }
            Kind::Remember | Kind::Reauthentication => requests::refresh(token),
            _ => requests::check(token, Way::Own),
        };
        let outcome = asker.ask(index, &call);
        let what = format!("in the end, token {index} ({token:?})");
        let handle = events.handle_of(token, model);
        let is = |kinds: &[&str]| {
            handle
                .as_ref()
                .is_some_and(|one| events.of_handle(one, kinds))
        };
        match (&outcome, token.state) {
            (Outcome::Done(_), State::Ended(..)) => {
                wrong.push(format!("{what}: has ended, and is accepted"));
            }
            (Outcome::Done(_), _) if is(&["revoke"]) => {
                wrong.push(format!("{what}: its end is recorded, and it is accepted"));
            }
            (Outcome::Done(_), _) => {
                if handle.is_some_and(|handle| !listed.contains(&handle)) {
                    wrong.push(format!("{what}: lives, and is listed nowhere"));
                }
            }
            (Outcome::Refused, State::Live) => wrong.push(format!("{what}: is refused")),
            (Outcome::Refused, State::Unknown) => {
                let was_tried = |subject: &str, kinds: &[&str]| events.were_tried(subject, kinds);
                let is_explained = token.is_superseded
                    || token.kind == Kind::Reauthentication
                    || token.kind.is_from_email()
                    || token.kind == Kind::Cross
                    || handle
                        .as_ref()
                        .is_some_and(|one| was_tried(one, &["revoke", "redeem", "evict"]))
                    || [Some(token.user), token.actor]
                        .into_iter()
                        .flatten()
                        .any(|user| {
                            let id = model.users[user].id.to_string();
                            user == IMPORTED || was_tried(&id, &ENDS_ALL)
                        });
                if !is_explained && handle.is_some() {
                    let events = events.told(&model.users[token.user].id.to_string());
                    wrong.push(format!(
                        "{what}: has ended, and no event says why:\n      {events}"
                    ));
                }
            }
            (Outcome::Refused, State::Ended(..)) => {}
            (other, _) => wrong.push(format!("{what}: {other:?}")),
        }
    }
}

/// Whether a user is as known, and whether a change that was not answered was both made and recorded, or neither.
fn state_of_user(
    asker: &Asker<'_>,
    model: &Model,
    index: usize,
    events: &Events,
    wrong: &mut Vec<String>,
) {
    let user = &model.users[index];
    let unanswered =
        |kinds: &[&str]| events.of_user(&user.id.to_string(), kinds) > model.answered(index, kinds);
    let shown = asker.ask(
        0,
        &requests::admin("GET", &format!("users/{}", user.name), None),
    );
    let Some(state) = shown.text("/state") else {
        wrong.push(format!("user {index} cannot be shown: {shown:?}"));
        return;
    };
    let is_active = state == "active";
    let logs_in = |password: &str| {
        let call = requests::login(Dialect::Memsource, user, password, "");
        matches!(asker.ask(index, &call), Outcome::Done(_))
    };
    let (made, recorded) = match &user.attempt {
        Some(Attempt::Active(wanted)) => {
            let kind = if *wanted {
                "enable_user"
            } else {
                "disable_user"
            };
            (is_active == *wanted, unanswered(&[kind]))
        }
        Some(Attempt::Password { before, after }) if is_active => {
            let made = logs_in(after);
            if !made && !logs_in(before) {
                wrong.push(format!(
                    "user {index} has neither the old nor the new password"
                ));
            }
            (made, unanswered(&["set_password", "reset_password"]))
        }
        Some(_) => return,
        None => {
            if is_active != user.is_active || (is_active && !logs_in(&user.password)) {
                wrong.push(format!("user {index} is {state}, and expected as {user:?}"));
            }
            return;
        }
    };
    if made != recorded {
        let attempt = &user.attempt;
        let events = events.told(&user.id.to_string());
        wrong.push(format!(
            "user {index}, {attempt:?}: made is {made}, recorded is {recorded}:\n      {events}"
        ));
    }
}
