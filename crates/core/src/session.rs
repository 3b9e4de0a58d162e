//! The terms on which a token is issued, and the session of a live token.

use std::net::IpAddr;
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
    /// Each login adds a token.
    Many,
    /// A new token ends the previous one of the same client and application.
    OnePerClient,
    /// A new token is added to those of the same client and application; beyond that number, the least recently
    /// used one ends.
    AtMost(NonZeroU32),
    /// The newest token of the same client and application is returned again as long as it has this much life
    /// left.
    Reuse {
        /// The minimum life that must be left.
        at_least: Duration,
    },
}

/// The terms on which a dialect requests a token.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The purpose of the token.
    pub purpose: Purpose,
    /// The lifetime of the token.
    pub lifetime: Lifetime,
    /// How many tokens the client may hold.
    pub concurrency: Concurrency,
    /// The name that the device or program gives itself at the login, if the dialect names it.
    pub client: Option<String>,
    /// The application that the client claims to be, if the dialect names it.
    pub application: Option<String>,
    /// The registered application to which the token is issued: an identifier that the directory has confirmed
    /// at this login, unlike `application`. `None` if the login had no key of an application.
    pub registered_application: Option<String>,
    /// The unit of the organisation that the login is for, one of the user's units.
    pub unit: Option<String>,
    /// The team that the user opens, by the name that the dialect gives to `unit`, or to the organisation if the
    /// user has no units.
    pub team: Option<String>,
    /// The project that the client claims the user wants to open. The directory knows no projects, so the claim
    /// is not verified.
    pub claimed_project: Option<String>,
    /// The administrator who logs in as this user. The token ends with whatever ends the administrator's own
    /// token.
    pub actor: Option<Actor>,
    /// The token from which this one is derived. A [`Purpose::Handover`] token cannot be redeemed once its
    /// parent has ended.
    pub parent: Option<TokenDigest>,
    /// The login and the tokens before the parent. See [`Terms::derived_from`].
    pub lineage: Option<Lineage>,
    /// The one-time token that was redeemed for this one. If the one-time token is used again, this shows which
    /// token was issued for it.
    pub redeemed: Option<TokenDigest>,
    /// The maximum time from the login with a password, or another credential of the user's own, to the end of
    /// the token, over any number of tokens in between.
    pub max_authentication_age: Option<Duration>,
    /// The e-mail address to which the token is sent. The token is invalid while the user has another.
    pub address: Option<SecretString>,
    /// The topic of the e-mail in which the token is sent. E-mails about different topics do not replace each
    /// other.
    pub topic: Option<&'static str>,
    /// The address of the login behind the parent. A token without a lineage has that of its own request.
    pub login_address: Option<IpAddr>,
}

impl Terms {
    /// Creates terms with that purpose and lifetime. [`Concurrency::Many`] applies, and nothing else is set.
    pub fn new(purpose: Purpose, lifetime: impl Into<Lifetime>) -> Self {
        Self {
            purpose,
            lifetime: lifetime.into(),
            concurrency: Concurrency::Many,
            client: None,
            application: None,
            registered_application: None,
            unit: None,
            team: None,
            claimed_project: None,
            actor: None,
            parent: None,
            lineage: None,
            redeemed: None,
            max_authentication_age: None,
            address: None,
            topic: None,
            login_address: None,
        }
    }

    /// Returns these terms for a token that is derived from the token of `session`, which becomes its parent.
    /// The lineage continues that of the session.
    #[must_use]
    pub fn derived_from(self, session: &Session) -> Self {
        Self {
            parent: Some(session.digest),
            lineage: Some(Lineage::of_child(&session.record)),
            login_address: session.record.source,
            ..self
        }
    }

    /// Returns these terms for the token that is issued for the one-time token of `spent`. The parent and the
    /// lineage are those of the one-time token.
    #[must_use]
    pub fn redeemed_from(self, spent: &Session) -> Self {
        Self {
            parent: spent.record.parent,
            lineage: spent.record.lineage.clone(),
            login_address: spent.record.source,
            redeemed: Some(spent.digest),
            ..self
        }
    }
}

/// The administrator behind a token for another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The administrator's id.
    pub id: Uuid,
    /// The generation of the administrator's own token; `None` for tokens of releases that did not record it.
    pub generation: Option<i64>,
}

/// The session of a live token.
///
/// User and record are those cached in the process: thousands of sessions a second share them.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user of the token, as the directory has it now.
    pub user: Arc<User>,
    /// The token's digest, by which another token can name it as its parent.
    pub digest: TokenDigest,
    pub(crate) record: Arc<Record>,
}

impl Session {
    /// Returns the record of the token in the store.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the purpose of the token.
    pub fn purpose(&self) -> Purpose {
        self.record.purpose
    }

    /// Returns the device or program to which the token was issued ([`Terms::client`]). `None` if the dialect
    /// named none.
    pub fn client(&self) -> Option<&str> {
        self.record.client.as_deref()
    }

    /// Returns the application to which the token was issued ([`Terms::application`]). `None` if the dialect
    /// named none.
    pub fn application(&self) -> Option<&str> {
        self.record.application.as_deref()
    }

    /// Returns the registered application to which the token was issued ([`Terms::registered_application`]).
    /// `None` if the directory has confirmed none, or if the token is of a release that did not record it.
    pub fn registered_application(&self) -> Option<&str> {
        self.record.registered_application.as_deref()
    }

    /// Returns the unit that the login was for ([`Terms::unit`]). `None` if the login named none, or if the user
    /// no longer has that unit.
    pub fn unit(&self) -> Option<&str> {
        let unit = self.record.unit.as_deref()?;
        self.user
            .units
            .iter()
            .any(|has| has == unit)
            .then_some(unit)
    }

    /// Returns the team that the user opened ([`Terms::team`]). `None` if the user opened none, or no longer has
    /// that team. Earlier releases recorded any team that a client named, without its unit: such a team is not
    /// returned.
    pub fn team(&self) -> Option<&str> {
        let team = self.record.team.as_deref()?;
        let is_theirs = match &self.record.unit {
            Some(_) => self.unit().is_some(),
            None => self.user.units.is_empty() && self.user.organisation.id.to_string() == team,
        };
        is_theirs.then_some(team)
    }

    /// Returns the project that the client named ([`Terms::claimed_project`]), which is not verified. `None` if
    /// the client named none.
    pub fn claimed_project(&self) -> Option<&str> {
        self.record.project.as_deref()
    }

    /// Returns the administrator who logged in as the user ([`Terms::actor`]). `None` if there is no such
    /// administrator.
    pub fn actor(&self) -> Option<Actor> {
        let generation = self.record.actor_generation;
        self.record.actor.map(|id| Actor { id, generation })
    }

    /// Returns the token from which this one is derived ([`Terms::parent`]). `None` if there is none.
    pub fn parent(&self) -> Option<TokenDigest> {
        self.record.parent
    }

    /// Returns when the token was issued.
    pub fn issued_at(&self) -> OffsetDateTime {
        self.record.issued_at
    }

    /// Returns when the token ends.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.record.expires_at
    }

    /// Returns the account that is responsible for this session: its administrator, or else its user.
    pub fn acting(&self) -> Actor {
        self.actor().unwrap_or(Actor {
            id: self.user.id,
            generation: Some(self.user.generation),
        })
    }

    /// Returns the whole seconds from `now` to the end, without the current one: a token of 300 s has 299 s left
    /// when it is issued. Returns 0 after the end.
    pub fn seconds_left(&self, now: OffsetDateTime) -> i64 {
        let milliseconds = (self.expires_at() - now).whole_milliseconds() - 1;
        i64::try_from(milliseconds.max(0) / 1000).unwrap_or(i64::MAX)
    }
}

/// A token with its session, as it is issued. The clear text exists only here and in messages to and from the
/// client.
#[derive(Debug)]
pub struct IssuedToken {
    /// The clear text.
    pub token: Token,
    /// The session of the token.
    pub session: Session,
    /// When the token was returned to the client: at its issue, or later if it was returned again.
    pub returned_at: OffsetDateTime,
}

impl IssuedToken {
    /// Returns the whole seconds of life that were left when the token was returned to the client, without the
    /// current one: 299 for a new token of 300 s.
    pub fn expires_in(&self) -> i64 {
        self.session.seconds_left(self.returned_at)
    }
}

#[cfg(test)]
mod tests;
