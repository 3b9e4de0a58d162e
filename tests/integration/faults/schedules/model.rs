//! What is known of users and tokens: what surely lives, what has surely ended, and what cannot be known.

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
    /// Whether calls carry it, so that it can be checked without a change.
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
    /// Since when, and by which gateway.
    Ended(Instant, usize),
}

/// A token that a client was given.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) user: usize,
    /// The administrator who acts as the user.
    pub(crate) actor: Option<usize>,
    pub(crate) text: String,
    /// What its client calls itself.
    pub(crate) client: String,
    /// The token that it comes from.
    pub(crate) parent: Option<usize>,
    /// The answer that it was in. An e-mail's is not known.
    pub(crate) request_id: Option<String>,
    pub(crate) state: State,
    /// Why it may have ended, though no log-out of it was answered.
    pub(crate) is_superseded: bool,
}

/// What an unanswered change of a user may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Active(bool),
    Password {
        before: String,
        after: String,
    },
    EndSessions,
    /// What a directory file makes of the user, and its entry there.
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
    /// A change that was not answered, which may still be made. From then on nothing is sure, and there are no
    /// further changes.
    pub(crate) attempt: Option<Attempt>,
    /// How many tokens there were before that change was asked for: it ends these.
    pub(crate) attempted_at: usize,
    /// How many changes were answered.
    pub(crate) changes: u32,
    /// How many passwords there were.
    pub(crate) passwords: u32,
}

impl User {
    /// The user's entry in a directory file.
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

/// All that is known in one schedule.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) seed: u64,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: Vec<Token>,
    /// Devices for which a login was not answered: it may still take the place of others.
    pub(crate) doubtful: HashSet<(usize, String)>,
    /// E-mails that were asked for: the dialect, the user, and how often the user had changed, if that is known.
    pub(crate) emails: Vec<(Dialect, usize, Option<u32>)>,
    /// Of requests that were answered.
    pub(crate) expected: Vec<Expected>,
    /// Of those of which it is not known whether they were done.
    pub(crate) possible: Vec<Expected>,
    pub(crate) trace: Vec<String>,
    pub(crate) wrong: Vec<String>,
    pub(crate) steps: usize,
    pub(crate) unavailable: usize,
    /// How long the slowest request took, and what it was.
    pub(crate) longest: (Duration, String),
    /// Imports that were done.
    pub(crate) imports: usize,
}

impl Model {
    pub(crate) fn new(seed: u64) -> Self {
        // Another stream than that of the steps.
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

    /// The entries of a directory file: all users, or those alone whom imports change.
    pub(crate) fn directory(&self, all: bool) -> String {
        let users = self.users.iter().enumerate();
        let users = users.filter(|(index, _)| all || *index == IMPORTED);
        users.map(|(index, user)| user.entry(index)).collect()
    }

    pub(crate) fn is_settled(&self, user: usize) -> bool {
        self.users[user].attempt.is_none()
    }

    /// Whether everybody is as they were known to be who have a say in whether a token lives.
    pub(crate) fn is_sure_of(&self, user: usize, actor: Option<usize>) -> bool {
        let sure = |user: usize| self.is_settled(user) && self.users[user].is_active;
        sure(user) && actor.is_none_or(sure)
    }

    /// What ends together with a token that is logged out.
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

    /// Makes a state of those tokens that are not known to have ended.
    pub(crate) fn set(&mut self, tokens: impl IntoIterator<Item = usize>, state: State) {
        for index in tokens {
            let token = &mut self.tokens[index];
            if !matches!(token.state, State::Ended(..)) {
                token.state = state;
            }
        }
    }

    /// The tokens of a user, and those in which the user acts for another.
    pub(crate) fn of(&self, user: usize) -> Vec<usize> {
        let all = self.tokens.iter().enumerate();
        let theirs = all.filter(|(_, token)| token.user == user || token.actor == Some(user));
        theirs.map(|(index, _)| index).collect()
    }
}
