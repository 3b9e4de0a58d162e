//! What the operator decided about an authority.

use std::time::Duration;

use super::MaxDisable;
use crate::throttle::Budget;
use crate::user::Role;

/// The settings of an authority that do not depend on its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoritySettings {
    /// The name, unique, in the audit log, metrics and the directory.
    pub name: String,
    /// Who judges passwords after the first login.
    pub mode: AuthorityMode,
    /// Whether it may log in users who are unknown here.
    pub unknown_users: UnknownUsers,
    /// How users who belong to it but are not linked yet are found. `None`: only by their identifier there.
    pub match_by: Option<MatchBy>,
    /// The organisation of users for whom the authority names none.
    pub organisation: Option<String>,
    /// The other organisations that its mapping can assign. A login that names an organisation is judged only by
    /// authorities of that organisation.
    pub mapped_organisations: Vec<String>,
    /// Whether it may name any organisation itself, so that it is asked whichever the login names.
    pub any_organisation: bool,
    /// The most powerful role that it can give.
    pub highest_role: Role,
    /// How long after it accepted a password our own hash of that password is enough. Zero: it is asked each time.
    pub trust: Duration,
    /// The same while the authority is unavailable.
    pub trust_while_unavailable: Duration,
    /// How long a judgement may take, including the wait for its turn.
    pub timeout: Duration,
    /// The maximum number of logins that it judges concurrently.
    pub concurrency: usize,
    /// How many wrong passwords of one user are passed on to it.
    pub attempts: Budget,
    /// How often its users are synchronised. Zero: only by command.
    pub sync: Duration,
    /// How many of its users a synchronisation may disable. If there are more, it changes nothing.
    pub max_disable: MaxDisable,
}

/// Who judges passwords after the first login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorityMode {
    /// The authority, each time.
    Delegate,
    /// We: the first password that the authority accepts becomes the user's own.
    Adopt,
}

/// What an authority may do with users who are unknown here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownUsers {
    /// Users whom it accepts are created.
    Create,
    /// Only users who were imported or synchronised can log in.
    Known,
}

/// What links a user who belongs to an authority, but was imported without an identifier, at the first login.
/// Administrators are never linked in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchBy {
    /// The login name that the authority says.
    UserName,
    /// The e-mail address that the authority says.
    Email,
}
