//! Tokens that clients received in responses and e-mails.

use crate::faults::schedules::job::{Changes, Job};
use crate::faults::schedules::judge::Answered;
use crate::faults::schedules::model::{Kind, Model, State, Token};
use crate::faults::schedules::plan::{ADMINISTRATOR, Act, Dialect, IMPORTED};

impl Model {
    /// Adds the tokens of a response to the model.
    pub(crate) fn issue(&mut self, job: &Job, answered: &Answered, others: &Changes) {
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
            // A derived token ends with its parent, which may have ended before: if its logout got no response,
            // another gateway may have accepted it a little longer.
            let is_late = parent.as_ref().is_some_and(|(index, token)| {
                let may_have_ended = !matches!(token.state, State::Live);
                *kind != Kind::Session && (may_have_ended || others.affect(*index, token))
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
            // The reset key of an e-mail and one-time tokens are used up, so the new token does not depend on
            // them.
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

    /// Adds the tokens of new e-mails to the model.
    pub(crate) fn take_in_emails(&mut self, found: Vec<(usize, Dialect, String)>) {
        for (user, dialect, text) in found {
            if self.tokens.iter().any(|token| token.text == text) {
                continue;
            }
            let kind = match dialect {
                Dialect::Tokenlogin => Kind::ResetKey,
                _ => Kind::EmailLink,
            };
            // Only the newest e-mail counts, and they arrive in any order.
            let asked = self
                .emails
                .iter()
                .filter(|(d, u, _)| (*d, *u) == (dialect, user));
            let asked: Vec<_> = asked.map(|(_, _, changes)| *changes).collect();
            let is_live = asked == [Some(self.users[user].changes)]
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
