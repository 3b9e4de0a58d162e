//! What a token stands for: the terms it is issued on and the session it opens.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::lifetime::Lifetime;
use crate::lineage::Lineage;
use crate::purpose::Purpose;
use crate::store::Record;
use crate::token::Token;
use crate::token_digest::TokenDigest;
use crate::user::User;

/// How many live tokens one client of a user may hold for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// Each login adds one.
    Many,
    /// A new token ends the one before it, for an equal client and application.
    OnePerClient,
    /// A new token stands beside those before it, for an equal client and application; beyond that
    /// number the least recently used ends.
    AtMost(NonZeroU32),
    /// The newest token, for an equal client and application, is handed out again as long as it
    /// has this much life left.
    Reuse {
        /// The least that must be left.
        at_least: Duration,
    },
}

/// The terms on which a dialect has a token issued.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the token is for.
    pub purpose: Purpose,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// One token a client, or many.
    pub concurrency: Concurrency,
    /// What the device or program that logs in calls itself, if the dialect names it.
    pub client: Option<String>,
    /// The application that it says it is, if the dialect names it.
    pub application: Option<String>,
    /// The unit of the organisation that the login is for, one of the user's.
    pub unit: Option<String>,
    /// The team that the user opens, by the name that the dialect gives to `unit`, or to the
    /// organisation where the user has no units.
    pub team: Option<String>,
    /// The project that the client says the user wants to open. The directory knows no projects, so
    /// nothing vouches for it.
    pub claimed_project: Option<String>,
    /// The administrator who logs in as this user. The token ends with whatever ends that one's own.
    pub actor: Option<Actor>,
    /// The token this one comes from. A [`Purpose::Handover`] token cannot be redeemed once that has
    /// ended.
    pub parent: Option<TokenDigest>,
    /// The login and the tokens behind the parent. See [`Terms::derived_from`].
    pub lineage: Option<Lineage>,
    /// The one-time token that was redeemed for this one. Should somebody use that again, it is
    /// known what came of it.
    pub redeemed: Option<TokenDigest>,
    /// How long after the login with a password, or another credential of the user's own, it ends at
    /// the latest, over any number of tokens in between.
    pub longest_from_login: Option<Duration>,
    /// The e-mail address that the token is sent to. It opens nothing while the user has another.
    pub address: Option<SecretString>,
    /// What the letter is about that the token is sent in. Letters about different topics do not
    /// replace each other.
    pub topic: Option<&'static str>,
}

impl Terms {
    /// Terms with nothing but purpose and lifetime.
    pub fn new(purpose: Purpose, lifetime: impl Into<Lifetime>) -> Self {
        Self {
            purpose,
            lifetime: lifetime.into(),
            concurrency: Concurrency::Many,
            client: None,
            application: None,
            unit: None,
            team: None,
            claimed_project: None,
            actor: None,
            parent: None,
            lineage: None,
            redeemed: None,
            longest_from_login: None,
            address: None,
            topic: None,
        }
    }

    /// Makes them the terms of a token that the bearer of a session gets for it.
    #[must_use]
    pub fn derived_from(self, session: &Session) -> Self {
        Self {
            parent: Some(session.digest),
            lineage: Some(Lineage::of_child(&session.record)),
            ..self
        }
    }

    /// Makes them the terms of the token that a one-time token is exchanged for. It comes from where
    /// that one came from.
    #[must_use]
    pub fn redeemed_from(self, spent: &Session) -> Self {
        Self {
            parent: spent.record.parent,
            lineage: spent.record.lineage.clone(),
            redeemed: Some(spent.digest),
            ..self
        }
    }
}

/// The administrator behind a token for another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub id: Uuid,
    /// The generation that the administrator's own token was of; unknown for tokens of releases that
    /// did not note it.
    pub generation: Option<i64>,
}

/// A live token's session.
///
/// User and record are those that are kept in the process: thousands of sessions a second share them.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who the token speaks for, as the directory knows the user now.
    pub user: Arc<User>,
    /// The token's digest, to name it as the parent of another.
    pub digest: TokenDigest,
    pub(crate) record: Arc<Record>,
}

impl Session {
    /// Returns what the store keeps of the token.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What the token is for.
    pub fn purpose(&self) -> Purpose {
        self.record.purpose
    }

    /// See [`Terms::client`].
    pub fn client(&self) -> Option<&str> {
        self.record.client.as_deref()
    }

    /// See [`Terms::application`].
    pub fn application(&self) -> Option<&str> {
        self.record.application.as_deref()
    }

    /// Returns the unit of [`Terms::unit`]; `None` once the user has it no longer.
    pub fn unit(&self) -> Option<&str> {
        let unit = self.record.unit.as_deref()?;
        self.user
            .units
            .iter()
            .any(|has| has == unit)
            .then_some(unit)
    }

    /// Returns the team of [`Terms::team`]; `None` once the user has it no longer. Earlier releases
    /// recorded any team that a client named, without its unit: such a team is not returned.
    pub fn team(&self) -> Option<&str> {
        let team = self.record.team.as_deref()?;
        let is_theirs = match &self.record.unit {
            Some(_) => self.unit().is_some(),
            None => self.user.units.is_empty() && self.user.organisation.id.to_string() == team,
        };
        is_theirs.then_some(team)
    }

    /// Returns the project of [`Terms::claimed_project`], which is the client's word alone.
    pub fn claimed_project(&self) -> Option<&str> {
        self.record.project.as_deref()
    }

    /// See [`Terms::actor`].
    pub fn actor(&self) -> Option<Actor> {
        let generation = self.record.actor_generation;
        self.record.actor.map(|id| Actor { id, generation })
    }

    /// See [`Terms::parent`].
    pub fn parent(&self) -> Option<TokenDigest> {
        self.record.parent
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> OffsetDateTime {
        self.record.issued_at
    }

    /// When it ends.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.record.expires_at
    }

    /// Who is answerable for what this session does: its administrator, else its user.
    pub fn acting(&self) -> Actor {
        self.actor().unwrap_or(Actor {
            id: self.user.id,
            generation: Some(self.user.generation),
        })
    }

    /// Whole seconds until the end, the running one not counted: a token of 300 s that was issued
    /// this very moment has 299 left.
    pub fn seconds_left(&self, now: OffsetDateTime) -> i64 {
        let milliseconds = (self.expires_at() - now).whole_milliseconds() - 1;
        i64::try_from(milliseconds.max(0) / 1000).unwrap_or(i64::MAX)
    }
}

/// A token with its session, as it is handed out. The clear text exists here and on the wire, nowhere else.
#[derive(Debug)]
pub struct IssuedToken {
    /// The clear text.
    pub token: Token,
    /// What it opens.
    pub session: Session,
    /// When it was handed out: at its issue, or later if it was handed out again.
    pub handed_out_at: OffsetDateTime,
}

impl IssuedToken {
    /// Seconds of life when it was handed out, the running one not counted.
    pub fn expires_in(&self) -> i64 {
        self.session.seconds_left(self.handed_out_at)
    }
}

#[cfg(test)]
mod tests;
