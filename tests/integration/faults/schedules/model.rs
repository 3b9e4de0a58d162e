//! Model of users and tokens: which tokens are surely valid, surely ended, or unknown.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::faults::schedules::expected::Expected;
use crate::faults::schedules::plan::{ADMINISTRATOR, Dialect, IMPORTED, USERS, random};
use proptest::prelude::RngExt as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Access,
    Remember,
    Cross,
    EmailLink,
    Crmcom,
    Session,
    Reauthentication,
    ResetKey,
    Memsource,
    LoginOther,
    Browser,
}

impl Kind {
    /// Returns whether calls carry such a token, so that checking it changes nothing.
    pub(crate) fn is_carried(self) -> bool {
        matches!(
            self,
            Self::Access
                | Self::Crmcom
                | Self::Session
                | Self::Memsource
                | Self::LoginOther
                | Self::Browser
        )
    }

    pub(crate) fn logs_in_again(self) -> bool {
        matches!(self, Self::Remember | Self::Reauthentication)
    }

    pub(crate) fn is_one_time(self) -> bool {
        matches!(self, Self::Cross | Self::LoginOther)
    }

    pub(crate) fn is_from_email(self) -> bool {
        matches!(self, Self::EmailLink | Self::ResetKey)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Unknown,
    /// Ended since this time, by this gateway.
    Ended(Instant, usize),
}

/// A token that a client received.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) user: usize,
    /// The administrator who impersonates the user.
    pub(crate) actor: Option<usize>,
    pub(crate) text: String,
    /// Name of its client.
    pub(crate) client: String,
    /// The token that it is derived from.
    pub(crate) parent: Option<usize>,
    /// The request that issued it. Unknown for e-mails.
    pub(crate) request_id: Option<String>,
    pub(crate) state: State,
    /// It may have ended because another token replaced it, without a logout.
    pub(crate) is_superseded: bool,
}

/// Change of a user whose result is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Active(bool),
    Password {
        before: String,
        after: String,
    },
    EndSessions,
    /// State, password and entry of the user in a directory file.
    Import {
        active: bool,
        password: String,
        entry: String,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) is_active: bool,
    /// Change with an unknown result, which may still be made. After it, nothing is sure, and there are no further
    /// changes.
    pub(crate) attempt: Option<Attempt>,
    /// Number of tokens when that change was requested. It ends these.
    pub(crate) attempted_at: usize,
    /// Number of acknowledged changes.
    pub(crate) changes: u32,
    /// Number of passwords so far.
    pub(crate) passwords: u32,
}

impl User {
    /// Returns the user's entry in a directory file.
    pub(crate) fn entry(&self, index: usize) -> String {
        let Self {
            id, name, password, ..
        } = self;
        let role = match index {
            ADMINISTRATOR => "ADMIN",
            _ => "LINGUIST",
        };
        let disabled = !self.is_active;
        format!(
            "[[users]]\nid = \"{id}\"\nuser_name = \"{name}\"\nemail = \"{name}@example.com\"\n\
             role = \"{role}\"\norganisation = \"CRMDEMO\"\npassword = \"{password}\"\n\
             disabled = {disabled}\n\n"
        )
    }
}

/// Everything that is known in one schedule.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) seed: u64,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: Vec<Token>,
    /// Devices with a login whose result is unknown: its token may still replace others.
    pub(crate) doubtful: HashSet<(usize, String)>,
    /// Requested e-mails: dialect, user, and the number of the user's changes, if that is known.
    pub(crate) emails: Vec<(Dialect, usize, Option<u32>)>,
    /// Acknowledged requests.
    pub(crate) expected: Vec<Expected>,
    /// Requests with an unknown result.
    pub(crate) possible: Vec<Expected>,
    pub(crate) trace: Vec<String>,
    pub(crate) wrong: Vec<String>,
    pub(crate) steps: usize,
    pub(crate) unavailable: usize,
    /// Duration and description of the slowest request.
    pub(crate) longest: (Duration, String),
    /// Number of imports that were done.
    pub(crate) imports: usize,
}

impl Model {
    pub(crate) fn new(seed: u64) -> Self {
        // Another random sequence than that of the steps.
        let mut random = random(seed ^ u64::MAX);
        let users = (0..USERS).map(|index| User {
            id: uuid::Builder::from_random_bytes(random.random()).into_uuid(),
            name: format!("s{seed}u{index}"),
            password: format!("first-password-of-s{seed}u{index}"),
            is_active: true,
            attempt: None,
            attempted_at: 0,
            changes: 0,
            passwords: 1,
        });
        Self {
            seed,
            users: users.collect(),
            tokens: Vec::new(),
            doubtful: HashSet::new(),
            emails: Vec::new(),
            expected: Vec::new(),
            possible: Vec::new(),
            trace: Vec::new(),
            wrong: Vec::new(),
            steps: 0,
            unavailable: 0,
            longest: Default::default(),
            imports: 0,
        }
    }

    /// Returns the entries of a directory file, for all users or only for the one that imports change.
    pub(crate) fn directory(&self, all: bool) -> String {
        let users = self.users.iter().enumerate();
        let users = users.filter(|(index, _)| all || *index == IMPORTED);
        users.map(|(index, user)| user.entry(index)).collect()
    }

    pub(crate) fn is_settled(&self, user: usize) -> bool {
        self.users[user].attempt.is_none()
    }

    /// Returns whether the user, and the actor if there is one, are known to be active.
    pub(crate) fn is_sure_of(&self, user: usize, actor: Option<usize>) -> bool {
        let sure = |user: usize| self.is_settled(user) && self.users[user].is_active;
        sure(user) && actor.is_none_or(sure)
    }

    /// Returns the tokens that end when a token is logged out.
    pub(crate) fn ends_with(&self, token: usize) -> Vec<usize> {
        let mut ended = vec![token];
        let all = self.tokens.iter().enumerate();
        match self.tokens[token].kind {
            Kind::Access => ended.extend(
                all.filter(|(_, other)| other.kind == Kind::Cross && other.parent == Some(token))
                    .map(|(index, _)| index),
            ),
            // The session's own re-authentication token.
            Kind::Session => ended.extend(self.tokens[token].parent),
            _ => {}
        }
        ended
    }

    /// Sets the state of these tokens, except for those that are known to have ended.
    pub(crate) fn set(&mut self, tokens: impl IntoIterator<Item = usize>, state: State) {
        for index in tokens {
            let token = &mut self.tokens[index];
            if !matches!(token.state, State::Ended(..)) {
                token.state = state;
            }
        }
    }

    /// Returns the tokens of a user, and those with which the user impersonates others.
    pub(crate) fn of(&self, user: usize) -> Vec<usize> {
        let all = self.tokens.iter().enumerate();
        let theirs = all.filter(|(_, token)| token.user == user || token.actor == Some(user));
        theirs.map(|(index, _)| index).collect()
    }
}
