//! Applies outcomes to the model of users and tokens.

use crate::faults::schedules::job::{Changes, Job};
use crate::faults::schedules::judge::Answered;
use crate::faults::schedules::model::{Attempt, Kind, Model, State};
use crate::faults::schedules::plan::{Act, Dialect};
use crate::faults::schedules::requests::Outcome;

impl Model {
    /// Applies the changes of a job, which is one of several concurrent ones. Tokens from index `known` on were
    /// issued by them.
    pub(crate) fn take_in(
        &mut self,
        job: &Job,
        answered: &Answered,
        others: &Changes,
        known: usize,
    ) {
        let ended = State::Ended(answered.at, job.gateway);
        let is_done = matches!(answered.outcome, Outcome::Done(_));
        let is_refused = answered.outcome == Outcome::Refused;
        // If two jobs end a token concurrently, both are acknowledged, but only one has ended it.
        let is_shared = job.act == Act::LogOut
            && job
                .token
                .is_some_and(|index| others.affect(index, &self.tokens[index]));
        self.expect(job, answered, is_shared);
        if let Some(attempt) = &job.attempt
            && !is_refused
        {
            let theirs = self.of(job.user).into_iter();
            let state = if is_done { ended } else { State::Unknown };
            // Tokens that were issued concurrently may be older or newer than the change.
            let (before, during): (Vec<_>, Vec<_>) = theirs.partition(|index| *index < known);
            if !matches!(attempt, Attempt::Active(true)) {
                self.set(before, state);
                self.set(during, State::Unknown);
            }
            self.change_user(job.user, attempt, (!is_done).then_some(known));
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
                // An e-mail that is requested while the user is changed may be older than the change.
                let changes = self.users[job.user].changes;
                let changes = (!others.affect_user(job.user)).then_some(changes);
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
                // `loginOther` may be refused because of the user whom it names.
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

    /// Applies a change of a user. `unanswered_at` is the number of tokens before a change without a response.
    fn change_user(&mut self, index: usize, attempt: &Attempt, unanswered_at: Option<usize>) {
        let user = &mut self.users[index];
        user.passwords += 1;
        if let Some(count) = unanswered_at {
            user.attempt = Some(attempt.clone());
            user.attempted_at = count;
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
}
