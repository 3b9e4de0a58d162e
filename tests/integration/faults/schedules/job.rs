//! A step whose user and token are determined.

use std::collections::HashSet;

use serde_json::json;

use crate::faults::schedules::model::{Attempt, Kind, Model, Token};
use crate::faults::schedules::plan::{ADMINISTRATOR, Act, Dialect, IMPORTED, Manner, Step, Way};
use crate::faults::schedules::requests::{self, Call};

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) act: Act,
    pub(crate) user: usize,
    pub(crate) token: Option<usize>,
    /// Client name that a login sends.
    pub(crate) client: String,
    /// Change of the user.
    pub(crate) attempt: Option<Attempt>,
    /// `None` for an import and a reload.
    pub(crate) call: Option<Call>,
    pub(crate) gateway: usize,
    pub(crate) manner: Manner,
    /// Description for the list of steps.
    pub(crate) what: String,
}

/// What concurrent steps change.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) tokens: HashSet<usize>,
    pub(crate) users: HashSet<usize>,
    pub(crate) devices: HashSet<(usize, String)>,
}

impl Changes {
    /// Returns whether these changes may end that token.
    pub(crate) fn affect(&self, index: usize, token: &Token) -> bool {
        let is_replaced = token.kind == Kind::Reauthentication
            && self.devices.contains(&(token.user, token.client.clone()));
        is_replaced
            || self.tokens.contains(&index)
            || self.affect_user(token.user)
            || token.actor.is_some_and(|actor| self.affect_user(actor))
    }

    pub(crate) fn affect_user(&self, user: usize) -> bool {
        self.users.contains(&user)
    }

    pub(crate) fn of(jobs: &[&Job], model: &Model) -> Self {
        let mut changes = Self::default();
        for job in jobs {
            if job.attempt.is_some() {
                changes.users.insert(job.user);
            }
            let ends = matches!(job.act, Act::LogOut | Act::Redeem | Act::UseEmail);
            if let (true, Some(token)) = (ends, job.token) {
                changes.tokens.extend(model.ends_with(token));
            }
            if job.act == Act::Login(Dialect::Tokenlogin) {
                changes.devices.insert((job.user, job.client.clone()));
            }
            if let Act::Email(dialect) = job.act {
                let same = |token: &Token| {
                    token.kind.is_from_email()
                        && token.kind.dialect() == dialect
                        && token.user == job.user
                };
                let all = model.tokens.iter().enumerate();
                changes
                    .tokens
                    .extend(all.filter(|(_, token)| same(token)).map(|(index, _)| index));
            }
        }
        changes
    }
}

impl Job {
    /// Determines user and token of a step. A step that is not possible becomes a login. `before` are the
    /// concurrent jobs so far.
    pub(crate) fn new(step: Step, model: &Model, before: &[Self]) -> Self {
        let is_changed = |user: usize| {
            before
                .iter()
                .any(|job| job.user == user && job.attempt.is_some())
        };
        let may_change = |user: usize| model.is_settled(user) && !is_changed(user);
        let user = match step.act {
            Act::Import => IMPORTED,
            Act::Disable | Act::Enable | Act::SetPassword if step.user == IMPORTED => 0,
            _ => step.user,
        };
        let found = match step.act {
            Act::Check(_) | Act::LogOut => Self::on(step, model, Kind::is_carried),
            Act::Refresh => Self::on(step, model, Kind::logs_in_again),
            Act::HandOver => Self::on(step, model, |kind| {
                matches!(kind, Kind::Access | Kind::Memsource)
            }),
            Act::Redeem => Self::on(step, model, Kind::is_one_time),
            Act::UseEmail => Self::on(step, model, Kind::is_from_email).filter(|job| {
                let sets = job.attempt.is_some();
                !sets || (job.user != IMPORTED && may_change(job.user))
            }),
            Act::Disable if may_change(user) && model.users[user].is_active => {
                Some(Self::change(step, model, user, &Attempt::Active(false)))
            }
            Act::Enable | Act::Disable if may_change(user) && !model.users[user].is_active => {
                Some(Self::change(step, model, user, &Attempt::Active(true)))
            }
            Act::SetPassword if may_change(user) => {
                let attempt = next_password(model, user);
                Some(Self::change(step, model, user, &attempt))
            }
            Act::EndSessions if may_change(user) => {
                Some(Self::change(step, model, user, &Attempt::EndSessions))
            }
            Act::Import if may_change(user) => Some(Self {
                attempt: Some(next_import(step, model)),
                ..Self::bare(step, user, "import".to_owned())
            }),
            Act::Reload => Some(Self::bare(step, user, "reload".to_owned())),
            Act::Email(dialect) => Some(Self {
                call: Some(requests::email(dialect, &model.users[user])),
                ..Self::bare(step, user, format!("{dialect:?} e-mail for user {user}"))
            }),
            Act::WrongPassword(dialect) => Some(Self::login(step, model, dialect, "wrong")),
            _ => None,
        };
        found.unwrap_or_else(|| {
            let dialect = match step.act {
                Act::Login(dialect) => dialect,
                _ => crate::faults::schedules::plan::DIALECTS[step.pick % 4],
            };
            let step = Step {
                act: Act::Login(dialect),
                ..step
            };
            Self::login(step, model, dialect, &model.users[step.user].password)
        })
    }

    fn bare(step: Step, user: usize, what: String) -> Self {
        Self {
            act: step.act,
            user,
            token: None,
            client: String::new(),
            attempt: None,
            call: None,
            gateway: step.gateway,
            manner: step.manner,
            what,
        }
    }

    fn login(step: Step, model: &Model, dialect: Dialect, password: &str) -> Self {
        let client = match dialect {
            // Few devices, so that tokens replace each other.
            Dialect::Tokenlogin => format!("device-{}", step.pick % 2),
            _ => uuid::Uuid::from_u128(step.pick as u128 + 1).to_string(),
        };
        let user = &model.users[step.user];
        let is_wrong = matches!(step.act, Act::WrongPassword(_));
        let how = if is_wrong {
            " with a wrong password"
        } else {
            ""
        };
        let what = format!("{dialect:?} login of user {} at {client}{how}", step.user);
        Self {
            call: Some(requests::login(dialect, user, password, &client)),
            client,
            ..Self::bare(step, step.user, what)
        }
    }

    fn change(step: Step, model: &Model, user: usize, attempt: &Attempt) -> Self {
        let name = &model.users[user].name;
        let call = match attempt {
            Attempt::Active(active) => {
                let state = if *active { "active" } else { "disabled" };
                let body = json!({"state": state});
                requests::admin("PUT", &format!("users/{name}/state"), Some(&body))
            }
            Attempt::Password { after, .. } => {
                let body = json!({"password": after});
                requests::admin("PUT", &format!("users/{name}/password"), Some(&body))
            }
            Attempt::EndSessions | Attempt::Import { .. } => {
                requests::admin("DELETE", &format!("sessions?user={name}"), None)
            }
        };
        Self {
            call: Some(call),
            attempt: Some(attempt.clone()),
            ..Self::bare(step, user, format!("user {user}: {attempt:?}"))
        }
    }

    /// Returns a step with one of the tokens of these kinds, also ended ones, since a token must stay ended.
    /// `None` if there is no such token.
    fn on(step: Step, model: &Model, fits: impl Fn(Kind) -> bool) -> Option<Self> {
        let all = model.tokens.iter().enumerate();
        let fitting: Vec<_> = all.filter(|(_, token)| fits(token.kind)).collect();
        let (index, token) = *fitting.get(step.pick % fitting.len().max(1))?;
        let mut attempt = None;
        let mut act = step.act;
        let call = match step.act {
            Act::Refresh => requests::refresh(token),
            Act::LogOut => requests::log_out(token),
            Act::HandOver if token.kind == Kind::Memsource && token.user != ADMINISTRATOR => {
                act = Act::Check(Way::Own);
                requests::check(token, Way::Own)
            }
            Act::HandOver => requests::hand_over(token, &model.users[0]),
            Act::Redeem | Act::UseEmail => {
                let next = next_password(model, token.user);
                let Attempt::Password { after, .. } = &next else {
                    return None;
                };
                let call = requests::redeem(token, after);
                attempt = (token.kind == Kind::ResetKey).then_some(next);
                call
            }
            Act::Check(way) => requests::check(token, way),
            _ => return None,
        };
        let (kind, user) = (token.kind, token.user);
        Some(Self {
            act,
            call: Some(call),
            token: Some(index),
            attempt,
            ..Self::bare(
                step,
                user,
                format!("{act:?} of token {index} ({kind:?} of user {user})"),
            )
        })
    }
}

/// Returns an import that changes the user's state or password.
fn next_import(step: Step, model: &Model) -> Attempt {
    let mut user = model.users[IMPORTED].clone();
    if step.pick.is_multiple_of(2) {
        user.is_active = !user.is_active;
    } else if let Attempt::Password { after, .. } = next_password(model, IMPORTED) {
        user.password = after;
    }
    Attempt::Import {
        entry: user.entry(IMPORTED),
        active: user.is_active,
        password: user.password,
    }
}

fn next_password(model: &Model, user: usize) -> Attempt {
    let user = &model.users[user];
    Attempt::Password {
        before: user.password.clone(),
        after: format!("password-{}-of-{}", user.passwords + 1, user.name),
    }
}
