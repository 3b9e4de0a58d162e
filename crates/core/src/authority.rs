//! Authorities: other systems that know whether a password is right, such as an LDAP server.
//!
//! Three rules decide every login that asks one. No user logs in unless our own hash matches or an authority accepts
//! this very password. "Wrong password" is only reported if the hash or an authority says so; everything else is
//! "unavailable". What was decided here (disabled, erased, locked) counts more than what an authority says.

mod account_turns;
mod breaker;
mod cause;
mod decision;
pub(crate) mod edits;
mod listed_user;
mod max_disable;
mod passed_on;
mod refused_pairs;
mod registry;
mod settings;

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::breaker::Health;
pub use self::cause::{Cause, CauseKind};
pub use self::decision::{Decision, DisabledReason, Identity};
pub use self::listed_user::{ListedUser, UserList};
pub use self::max_disable::{InvalidMaxDisable, MaxDisable};
pub(crate) use self::registry::{Asker, Judgement, LimitedAuthority};
pub use self::registry::{Authorities, AuthorityStatus};
pub use self::settings::{AuthorityMode, AuthoritySettings, MatchBy, UnknownUsers};

/// A system that judges passwords of users whose password we do not have.
///
/// An implementation only speaks its protocol. Time-outs of a whole judgement, limits, the circuit breaker, links to
/// users, and metrics are the work of core.
#[async_trait]
pub trait Authority: Send + Sync + 'static {
    /// Judges a password. Never sends it more than once. An answer that is not understood is
    /// [`Decision::Unavailable`].
    async fn judge(&self, request: &JudgeRequest<'_>) -> Decision;

    /// Tries the authority step by step, for an operator, and returns what each step found; the last one may have
    /// failed. With a `login`, looks the user up; with its password, too, judges it.
    async fn check(&self, login: Option<&str>, password: Option<&SecretString>) -> Vec<CheckStep>;

    /// Returns all users, for a synchronisation. The list ends with the first error: then what came is not all. `None`
    /// if the authority cannot list its users.
    fn users(&self) -> Option<UserList<'_>> {
        None
    }
}

/// A password to judge.
pub struct JudgeRequest<'a> {
    /// The name as the client sent it, trimmed. Never empty.
    pub login: &'a str,
    /// The password, without a code of a second factor. Never empty.
    pub password: &'a SecretString,
    /// The identifier at the authority of the user who logs in, if the user is known here and linked. The password
    /// of another person must not be judged.
    pub external_id: Option<&'a str>,
    /// The dialect of the login, such as `bimplus`.
    pub dialect: &'a str,
    /// The organisation that the login names, if the dialect has a field for it.
    pub organisation: Option<&'a str>,
    /// The client IP.
    pub source: Option<IpAddr>,
}

impl fmt::Debug for JudgeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JudgeRequest(…)")
    }
}

/// One step of [`Authority::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckStep {
    /// What was tried, such as `connect to ldaps://dc1.example.com`.
    pub name: String,
    /// What was found, such as `TLS 1.3, certificate of CN=dc1.example.com`; or why the step failed, with what to do.
    pub outcome: Result<String, String>,
}
