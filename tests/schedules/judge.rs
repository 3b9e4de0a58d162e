//! What an outcome says about the gateway, and what is known after it.

use std::time::{Duration, Instant};

use crate::job::{Changes, Job};
use crate::model::{Attempt, Expected, Kind, Model, State, Token};
use crate::plan::{ADMINISTRATOR, Act, Dialect, IMPORTED};
use crate::requests::Outcome;

/// How long another gateway that is cut off without noticing accepts a token that was ended elsewhere.
const LEASE: Duration = Duration::from_secs(1);
/// No answer takes longer: each store that is asked has half a second for each of a few questions.
const LONGEST: Duration = Duration::from_secs(20);

/// An outcome, and when it came.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) outcome: Outcome,
    pub(crate) request_id: Option<String>,
    pub(crate) sent: Instant,
    pub(crate) at: Instant,
}

impl Model {
    /// Judges what came of the jobs that were done at once, and then takes in what they changed.
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
        if took > LONGEST {
            self.wrong.push(format!("{}: took {took:?}", job.what));
        }
    }

    fn wrong_in(&self, job: &Job, answered: &Answered, others: &Changes) -> Option<&'static str> {
        let is_done = match &answered.outcome {
            Outcome::Unavailable | Outcome::Unseen => return None,
            Outcome::Wrong(_) => return Some("no answer that anybody should get"),
            Outcome::Done(_) => true,
            Outcome::Refused => false,
        };
        let user = &self.users[job.user];
        let is_sure = self.is_settled(job.user) && !others.affect_user(job.user);
        match job.act {
            Act::WrongPassword(_) => is_done.then_some("a wrong password opens something"),
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
                        Some("a live token is refused")
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

    fn take_in(&mut self, job: &Job, answered: &Answered, others: &Changes, known: usize) {
        let ended = State::Ended(answered.at, job.gateway);
        let is_done = matches!(answered.outcome, Outcome::Done(_));
        let is_refused = answered.outcome == Outcome::Refused;
        // Of two that end a token at once, both are told so, and one has done it.
        let is_shared = job.act == Act::LogOut
            && job
                .token
                .is_some_and(|index| others.affect(index, &self.tokens[index]));
        if is_done
            && !is_shared
            && let Some(request_id) = &answered.request_id
        {
            self.expect(job, request_id);
        }
        if let Some(attempt) = &job.attempt
            && !is_refused
        {
            let theirs = self.of(job.user).into_iter();
            let state = if is_done { ended } else { State::Unknown };
            // What was issued at the same time may come before or after.
            let (before, during): (Vec<_>, Vec<_>) = theirs.partition(|index| *index < known);
            if !matches!(attempt, Attempt::Active(true)) {
                self.set(before, state);
                self.set(during, State::Unknown);
            }
            self.change_user(job.user, attempt, is_done);
        }
        match job.act {
            Act::LogOut | Act::Redeem | Act::UseEmail => {
                let Some(token) = job.token else { return };
                let ends = self.ends_with(token);
                match answered.outcome {
                    Outcome::Done(_) => self.set(ends, ended),
                    Outcome::Refused => self.set([token], ended),
                    _ => self.set(ends, State::Unknown),
                }
            }
            Act::Login(Dialect::Tokenlogin) if !is_refused => {
                let all = self.tokens.iter().enumerate().take(known);
                let replaced: Vec<_> = all
                    .filter(|(_, token)| {
                        token.kind == Kind::Reauthentication
                            && token.user == job.user
                            && token.client == job.client
                    })
                    .map(|(index, _)| index)
                    .collect();
                for index in &replaced {
                    self.tokens[*index].is_superseded = true;
                }
                self.set(replaced, if is_done { ended } else { State::Unknown });
                if !is_done {
                    self.doubtful.insert((job.user, job.client.clone()));
                }
            }
            Act::Email(dialect) => {
                let changes = self.users[job.user].changes;
                self.emails.push((dialect, job.user, changes));
                let all = self.tokens.iter().enumerate();
                let earlier: Vec<_> = all
                    .filter(|(_, token)| {
                        token.kind.is_from_email()
                            && token.user == job.user
                            && token.kind.dialect() == dialect
                    })
                    .map(|(index, _)| index)
                    .collect();
                self.set(earlier, State::Unknown);
            }
            Act::Check(_) | Act::Refresh | Act::HandOver if is_refused => {
                // `loginOther` may be refused for the user whom it names.
                let is_own = |index: &usize| {
                    job.act != Act::HandOver || self.tokens[*index].kind == Kind::Access
                };
                self.set(job.token.filter(is_own), ended);
            }
            _ => {}
        }
        if is_done {
            self.issue(job, answered, others);
        }
    }

    fn change_user(&mut self, index: usize, attempt: &Attempt, is_done: bool) {
        let user = &mut self.users[index];
        user.passwords += 1;
        if !is_done {
            user.attempt = Some(attempt.clone());
            return;
        }
        user.changes += 1;
        match attempt {
            Attempt::Active(active) => user.is_active = *active,
            Attempt::Password { after, .. } => user.password.clone_from(after),
            Attempt::Import {
                active, password, ..
            } => {
                user.is_active = *active;
                user.password.clone_from(password);
                self.imports += 1;
            }
            Attempt::EndSessions => {}
        }
    }

    /// Takes in the tokens of an answer.
    fn issue(&mut self, job: &Job, answered: &Answered, others: &Changes) {
        let parent = job.token.map(|index| (index, self.tokens[index].clone()));
        let kinds: &[(Kind, &str)] = match (job.act, parent.as_ref().map(|(_, token)| token.kind)) {
            (Act::Login(Dialect::Bimplus), _) => &[
                (Kind::Remember, "/remember_me_token"),
                (Kind::Access, "/access_token"),
            ],
            (Act::Login(Dialect::Crmcom), _) => &[(Kind::Crmcom, "/data/token")],
            (Act::Login(Dialect::Tokenlogin), _) => &[
                (Kind::Reauthentication, "/ReAuthenticationToken"),
                (Kind::Session, "/SessionToken"),
            ],
            (Act::Login(Dialect::Memsource), _) => &[(Kind::Memsource, "/token")],
            (Act::Refresh, Some(Kind::Reauthentication))
            | (Act::UseEmail, Some(Kind::ResetKey)) => &[(Kind::Session, "/SessionToken")],
            (Act::HandOver, Some(Kind::Memsource)) => &[(Kind::LoginOther, "/token")],
            (Act::HandOver, _) => &[(Kind::Cross, "/cross_token")],
            (Act::Redeem, Some(Kind::LoginOther)) => &[(Kind::Browser, "/cookie")],
            (Act::Refresh | Act::Redeem | Act::UseEmail, _) => &[(Kind::Access, "/access_token")],
            _ => &[],
        };
        let mut of_login = None;
        for (kind, place) in kinds {
            let Some(text) = answered.outcome.text(place) else {
                self.wrong
                    .push(format!("{}: no {place}: {answered:?}", job.what));
                continue;
            };
            let is_other = *kind == Kind::LoginOther;
            let actor = match &parent {
                _ if is_other => Some(ADMINISTRATOR),
                Some((_, token)) => token.actor,
                None => None,
            };
            let user = if is_other { 0 } else { job.user };
            let is_late = parent.as_ref().is_some_and(|(index, token)| {
                *kind != Kind::Session && others.affect(*index, token)
            });
            let affected = is_late
                || [Some(user), actor]
                    .into_iter()
                    .flatten()
                    .any(|user| others.affect_user(user));
            let device = (user, job.client.clone());
            let is_doubtful = *kind == Kind::Reauthentication
                && (self.doubtful.contains(&device) || others.devices.contains(&device));
            let is_sure = self.is_sure_of(user, actor) && !affected && !is_doubtful;
            // The key of an e-mail and a one-time token end what they come of, or are spent themselves.
            let kept = parent
                .as_ref()
                .filter(|(_, token)| token.kind != Kind::ResetKey);
            self.tokens.push(Token {
                kind: *kind,
                user,
                actor,
                text,
                client: match &parent {
                    Some((_, token)) => token.client.clone(),
                    None => job.client.clone(),
                },
                parent: of_login.or(kept.map(|(index, _)| *index)),
                request_id: answered.request_id.clone(),
                state: if is_sure { State::Live } else { State::Unknown },
                is_superseded: false,
            });
            of_login = Some(self.tokens.len() - 1);
        }
    }

    fn expect(&mut self, job: &Job, request_id: &str) {
        let kind = job.token.map(|index| self.tokens[index].kind);
        let events: &'static [&'static str] = match (job.act, kind) {
            (Act::Login(_), _) => &["login", "issue"],
            (Act::Refresh, _) | (Act::HandOver, Some(Kind::Access)) => &["issue"],
            (Act::HandOver, _) => &["impersonate", "issue"],
            (Act::UseEmail, Some(Kind::ResetKey)) => &["reset_password", "issue"],
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
        };
        self.expected.push(Expected {
            request_id: request_id.to_owned(),
            events,
            what: job.what.clone(),
        });
    }

    /// Takes in the tokens of e-mails that have come since.
    pub(crate) fn take_in_emails(&mut self, found: Vec<(usize, Dialect, String)>) {
        for (user, dialect, text) in found {
            if self.tokens.iter().any(|token| token.text == text) {
                continue;
            }
            let kind = match dialect {
                Dialect::Tokenlogin => Kind::ResetKey,
                _ => Kind::EmailLink,
            };
            // The newest one counts, and they come in any order.
            let asked = self
                .emails
                .iter()
                .filter(|(d, u, _)| (*d, *u) == (dialect, user));
            let asked: Vec<_> = asked.map(|(_, _, changes)| *changes).collect();
            let is_live = asked == [self.users[user].changes]
                && self.is_sure_of(user, None)
                && user != IMPORTED;
            self.tokens.push(Token {
                kind,
                user,
                actor: None,
                text,
                client: String::new(),
                parent: None,
                request_id: None,
                state: if is_live { State::Live } else { State::Unknown },
                is_superseded: false,
            });
        }
    }
}

/// A one-time token that opened something more than once.
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
