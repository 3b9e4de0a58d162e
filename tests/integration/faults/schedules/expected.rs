//! Which events must be recorded, and how often.
//!
//! Once for each acknowledged request, and at most once for each request with an unknown result.

use serde_json::Value;

use crate::faults::schedules::audit::Events;
use crate::faults::schedules::job::Job;
use crate::faults::schedules::judge::Answered;
use crate::faults::schedules::model::{Attempt, Kind, Model};
use crate::faults::schedules::plan::{Act, Dialect};
use crate::faults::schedules::requests::Outcome;

/// Distinguishes a login with a wrong password from a successful one.
const REFUSED_LOGIN: &str = "refused login";
/// Events that name their user.
const OF_USERS: [&str; 11] = [
    "login",
    "issue",
    "redeem",
    "revoke",
    "evict",
    "impersonate",
    "reset_password",
    "set_password",
    "end_sessions",
    "disable_user",
    "enable_user",
];

/// A request, and the events that are recorded for it if it succeeds.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// `None` at the management listener, whose responses have no identifier.
    request_id: Option<String>,
    user: usize,
    events: &'static [&'static str],
    /// One further event that may be recorded.
    extra: Option<&'static str>,
    what: String,
}

impl Model {
    /// Records which events a job must have. `is_shared` is true if it competes with other jobs, of which only one
    /// was effective.
    pub(crate) fn expect(&mut self, job: &Job, answered: &Answered, is_shared: bool) {
        let kind = job.token.map(|index| self.tokens[index].kind);
        let is_for_other = job.act == Act::HandOver && kind != Some(Kind::Access);
        let expected = Expected {
            request_id: answered.request_id.clone(),
            user: if is_for_other { 0 } else { job.user },
            events: events(job, kind),
            extra: extra(job, kind),
            what: job.what.clone(),
        };
        let is_wrong_password = matches!(job.act, Act::WrongPassword(_));
        match answered.outcome {
            Outcome::Done(_) if !is_shared => self.expected.push(expected),
            Outcome::Refused if is_wrong_password => self.expected.push(expected),
            // If a one-time token was redeemed, the issue of the next token may have been refused.
            _ => self.possible.push(expected),
        }
    }

    /// Returns how many such events of a user belong to acknowledged requests.
    pub(crate) fn answered(&self, user: usize, kinds: &[&str]) -> usize {
        count(&self.expected, user, kinds)
    }
}

fn count(expected: &[Expected], user: usize, kinds: &[&str]) -> usize {
    let theirs = expected.iter().filter(|one| one.user == user);
    let events = theirs.flat_map(|one| one.events);
    events.filter(|event| kinds.contains(event)).count()
}

fn count_extra(expected: &[Expected], user: usize, kind: &str) -> usize {
    let theirs = expected.iter().filter(|one| one.user == user);
    theirs.filter(|one| one.extra == Some(kind)).count()
}

fn extra(job: &Job, kind: Option<Kind>) -> Option<&'static str> {
    match (job.act, kind) {
        // For the session's own re-authentication token, if it is still valid.
        (Act::LogOut, Some(Kind::Session)) => Some("revoke"),
        // For the one-time token in the e-mail, if there is an e-mail.
        (Act::Email(_), _) => Some("issue"),
        _ => None,
    }
}

fn events(job: &Job, kind: Option<Kind>) -> &'static [&'static str] {
    match (job.act, kind) {
        (Act::Login(Dialect::Bimplus | Dialect::Tokenlogin), _) => &["login", "issue", "issue"],
        (Act::Login(_), _) => &["login", "issue"],
        (Act::WrongPassword(_), _) => &[REFUSED_LOGIN],
        (Act::Refresh, _) | (Act::HandOver, Some(Kind::Access)) => &["issue"],
        (Act::HandOver, _) => &["impersonate", "issue"],
        (Act::UseEmail, Some(Kind::ResetKey)) => &["reset_password", "login", "issue"],
        (Act::Redeem | Act::UseEmail, _) => &["redeem", "issue"],
        (Act::LogOut, _) => &["revoke"],
        (Act::Email(_), _) => &["letter"],
        (Act::SetPassword, _) => &["set_password"],
        (Act::EndSessions, _) => &["end_sessions"],
        (Act::Disable | Act::Enable, _) => match job.attempt {
            Some(Attempt::Active(true)) => &["enable_user"],
            _ => &["disable_user"],
        },
        _ => &[],
    }
}

fn is_it(event: &Value, kind: &str) -> bool {
    match kind {
        REFUSED_LOGIN => event["event"] == "login" && event["outcome"] == "refused",
        // The response is sent before it is known whether there is an e-mail.
        "letter" => event["event"] == kind,
        _ => event["event"] == kind && event["outcome"] == "done",
    }
}

/// Compares the number of events with that of expected ones, for each request and for each user.
pub(crate) fn compare(model: &Model, events: &Events, wrong: &mut Vec<String>) {
    for expected in &model.expected {
        let Some(request) = &expected.request_id else {
            continue;
        };
        let recorded = events.of_request(request);
        for kind in expected.events {
            let wanted = expected.events.iter().filter(|one| *one == kind).count();
            let found = recorded.iter().filter(|event| is_it(event, kind)).count();
            let most = wanted + usize::from(expected.extra == Some(*kind));
            if !(wanted..=most).contains(&found) {
                let what = &expected.what;
                wrong.push(format!(
                    "{what}: was acknowledged, and {found} events {kind} are recorded, not {wanted} to {most}"
                ));
            }
        }
    }
    for (index, user) in model.users.iter().enumerate() {
        let id = user.id.to_string();
        for kind in OF_USERS {
            let sure = model.answered(index, &[kind]);
            let extra = count_extra(&model.expected, index, kind)
                + count_extra(&model.possible, index, kind);
            let most = sure + count(&model.possible, index, &[kind]) + extra;
            let found = events.of_user(&id, &[kind]);
            if !(sure..=most).contains(&found) {
                let list = events.describe(&id);
                wrong.push(format!(
                    "user {index}: {found} events {kind} are recorded, and {sure} to {most} expected:\n      \
                     {list}"
                ));
            }
        }
    }
}
