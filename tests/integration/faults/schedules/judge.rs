//! What an outcome means for the gateway.

use std::time::{Duration, Instant};

use crate::faults::schedules::job::{Changes, Job};
use crate::faults::schedules::model::{Model, State};
use crate::faults::schedules::plan::Act;
use crate::faults::schedules::requests::Outcome;

/// How long a gateway whose connection is cut unnoticed accepts a token that was ended at another one.
const LEASE: Duration = Duration::from_secs(1);

/// Returns the longest time that a response may take. A query to a store may take half a second, and the machine
/// is busy with other schedules, many of which wait for passwords to be hashed.
fn longest(act: Act) -> Duration {
    Duration::from_secs(match act {
        // One or two queries.
        Act::Check(_) => 4,
        Act::LogOut | Act::HandOver | Act::Email(_) => 6,
        // Several queries, or a password.
        Act::Refresh
        | Act::Redeem
        | Act::UseEmail
        | Act::Disable
        | Act::Enable
        | Act::EndSessions
        | Act::Login(_)
        | Act::WrongPassword(_)
        | Act::SetPassword => 15,
        // All entries of a directory file.
        Act::Import | Act::Reload => 20,
    })
}

/// An outcome, with the times of request and response.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) outcome: Outcome,
    pub(crate) request_id: Option<String>,
    pub(crate) sent: Instant,
    pub(crate) at: Instant,
}

impl Model {
    /// Judges the outcomes of concurrent jobs, and then applies their changes to the model.
    pub(crate) fn judge(&mut self, done: &[(Job, Answered)]) {
        for (index, (job, answered)) in done.iter().enumerate() {
            self.record(job, answered);
            let others = done.iter().enumerate().filter(|(other, _)| *other != index);
            let others: Vec<_> = others.map(|(_, (job, _))| job).collect();
            let others = Changes::of(&others, self);
            if let Some(wrong) = self.wrong_in(job, answered, &others) {
                let wrong = format!("{}: {wrong}: {:?}", job.what, answered.outcome);
                self.wrong.push(wrong);
            }
        }
        if let Some(twice) = spent_twice(done) {
            self.wrong.push(format!("token {twice} was redeemed twice"));
        }
        let known = self.tokens.len();
        for (index, (job, answered)) in done.iter().enumerate() {
            let others = done.iter().enumerate().filter(|(other, _)| *other != index);
            let others: Vec<_> = others.map(|(_, (job, _))| job).collect();
            let others = Changes::of(&others, self);
            self.take_in(job, answered, &others, known);
        }
    }

    fn record(&mut self, job: &Job, answered: &Answered) {
        self.steps += 1;
        let took = answered.at - answered.sent;
        let outcome = match &answered.outcome {
            Outcome::Done(_) => "done".to_owned(),
            other => format!("{other:?}"),
        };
        if answered.outcome == Outcome::Unavailable {
            self.unavailable += 1;
        }
        self.trace.push(format!(
            "  {} at gateway {}, {:?}: {outcome} after {took:?}",
            job.what, job.gateway, job.manner
        ));
        if took > self.longest.0 {
            self.longest = (took, job.what.clone());
        }
        if took > longest(job.act) {
            self.wrong.push(format!("{}: took {took:?}", job.what));
        }
    }

    fn wrong_in(&self, job: &Job, answered: &Answered, others: &Changes) -> Option<&'static str> {
        let is_done = match &answered.outcome {
            Outcome::Unavailable | Outcome::Unseen => return None,
            Outcome::Wrong(_) => return Some("not a response that a client should get"),
            Outcome::Done(_) => true,
            Outcome::Refused => false,
        };
        let user = &self.users[job.user];
        let is_sure = self.is_settled(job.user) && !others.affect_user(job.user);
        match job.act {
            Act::WrongPassword(_) => is_done.then_some("a wrong password is accepted"),
            Act::Login(_) if is_sure && user.is_active && !is_done => Some("a login is refused"),
            Act::Login(_) if is_sure && !user.is_active && is_done => {
                Some("a disabled user logs in")
            }
            Act::Disable | Act::Enable | Act::SetPassword | Act::EndSessions | Act::Email(_)
                if !is_done =>
            {
                Some("refused")
            }
            _ => {
                let index = job.token?;
                let token = &self.tokens[index];
                let is_target_sure = job.act != Act::HandOver
                    || (self.is_sure_of(0, None) && !others.affect_user(0));
                match token.state {
                    State::Live if !is_done && is_target_sure && !others.affect(index, token) => {
                        Some("a valid token is refused")
                    }
                    State::Ended(at, by) if is_done => {
                        let is_near = by != job.gateway && answered.sent < at + LEASE;
                        (!is_near).then_some("an ended token is accepted")
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Returns a one-time token that was redeemed more than once, `None` if there is none.
fn spent_twice(done: &[(Job, Answered)]) -> Option<usize> {
    let redeemed = done.iter().filter(|(job, answered)| {
        let is_done = matches!(answered.outcome, Outcome::Done(_));
        is_done && matches!(job.act, Act::Redeem | Act::UseEmail)
    });
    let redeemed: Vec<_> = redeemed.filter_map(|(job, _)| job.token).collect();
    let mut seen = redeemed.iter().enumerate();
    seen.find(|(index, token)| redeemed[..*index].contains(token))
        .map(|(_, token)| *token)
}
