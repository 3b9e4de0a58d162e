//! Final checks, without further faults.
//!
//! Each valid token is accepted, each ended one refused, and state and audit log agree.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::schedules::audit::Events;
use crate::faults::schedules::expected;
use crate::faults::schedules::model::{Kind, Model, State, Token};
use crate::faults::schedules::plan::{Manner, Way};
use crate::faults::schedules::requests::{self, Call, Outcome};
use crate::faults::schedules::site::Site;
use crate::faults::schedules::states;

/// Number of schedules that are verified concurrently.
const AT_ONCE: usize = 4;
/// Until then every gateway has closed each silenced connection: the time-out and a second, and time for a machine
/// that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
/// Sends requests after the faults.
pub(crate) struct Asker<'a> {
    site: &'a Site,
    /// After this time, "unavailable" is not retried.
    deadline: Instant,
}

impl Asker<'_> {
    /// Sends a request until the outcome is not "unavailable". Returns the last outcome.
    pub(crate) fn ask(&self, gateway: usize, call: &Call) -> Outcome {
        loop {
            let (outcome, _) = self.site.send(gateway, call, Manner::Patient);
            if outcome != Outcome::Unavailable || Instant::now() > self.deadline {
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
    expected::compare(model, events, &mut wrong);
    let listed = listed(asker, model, events, &mut wrong);
    events.compare_issued(model, &listed, &mut wrong);
    let users = 0..model.users.len();
    let ended: Vec<_> = users
        .map(|user| states::compare(asker, model, user, events, &mut wrong))
        .collect();
    tokens(asker, model, events, &listed, &ended, &mut wrong);
    model.wrong.extend(wrong);
}

/// Returns the handles of all listed sessions, and checks that each is recorded.
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
            // Tokens of e-mails are recorded as `letter`, without a handle.
            let is_email = purpose != "access" && purpose != "remember";
            if !is_email && !events.of_handle(&handle, &["issue"]) {
                // A token whose issue failed as unavailable may have been stored.
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
    ended: &[bool],
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
        let what = format!("at the end, token {index} ({token:?})");
        let handle = events.handle_of(token, model);
        let says_ended = |token: &Token| {
            let handle = events.handle_of(token, model);
            handle.is_some_and(|one| events.say_ended(&one))
        };
        let parent = token.parent.map(|parent| &model.tokens[parent]);
        let is_ended_by_parent = token.kind == Kind::Cross && parent.is_some_and(says_ended);
        let mut users = [Some(token.user), token.actor].into_iter().flatten();
        let is_ended_with_all =
            users.any(|user| ended[user] && index < model.users[user].attempted_at);
        match (&outcome, token.state) {
            (Outcome::Done(_), State::Ended(..)) => {
                wrong.push(format!("{what}: has ended, and is accepted"));
            }
            (Outcome::Done(_), _) if is_ended_with_all => {
                wrong.push(format!(
                    "{what}: that all its user's tokens ended is recorded, and it is accepted"
                ));
            }
            (Outcome::Done(_), _) if says_ended(token) || is_ended_by_parent => {
                wrong.push(format!("{what}: its end is recorded, and it is accepted"));
            }
            (Outcome::Done(_), _) => {
                if handle.is_some_and(|handle| !listed.contains(&handle)) {
                    wrong.push(format!("{what}: is valid, but not listed"));
                }
            }
            (Outcome::Refused, State::Live) => wrong.push(format!("{what}: is refused")),
            (Outcome::Refused, State::Unknown) => {
                let is_known = handle.is_some() || token.kind.is_from_email();
                if is_known && !events.explain_the_end(token, model) {
                    let events = events.describe(&model.users[token.user].id.to_string());
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
