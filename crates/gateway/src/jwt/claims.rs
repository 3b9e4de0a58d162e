//! Claims about the user of a token, named as in RFC 7662, RFC 9068 and RFC 7519, or by us where these have no name.

use isogloss_core::{Session, TokenDigest};
use serde::Serialize;
use uuid::Uuid;

use crate::introspection::ScopeTable;

/// Claims that an introspection response and a JWT have in common. Unknown values are left out.
#[derive(Serialize)]
pub(crate) struct TokenClaims<'a> {
    /// The user's identifier.
    pub(crate) sub: Uuid,
    /// The user's login name.
    pub(crate) username: &'a str,
    /// The user's number, for dialects that identify users by it.
    pub(crate) number: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    pub(crate) organisation: &'a str,
    pub(crate) organisation_id: Uuid,
    pub(crate) role: &'static str,
    pub(crate) dialect: &'a str,
    /// The registered application that the directory has confirmed at the login, or else the dialect. Never what
    /// the client claims.
    pub(crate) client_id: &'a str,
    /// The scopes of the user's role and the dialect, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'a str>,
    /// The name that the device or program sent when it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<&'a str>,
    /// The application that the client says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<&'a str>,
    /// Statements of the client that the directory cannot check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claimed: Option<Claimed<'a>>,
    /// The administrator who acts as the user (RFC 8693, section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Act>,
    /// The token's handle, as in `isogloss session`. An introspection response has it as `jti`, a JWT as `sid`.
    #[serde(skip)]
    pub(crate) handle: TokenDigest,
}

/// The client's own statements.
#[derive(Serialize)]
pub(crate) struct Claimed<'a> {
    /// The project that, according to the client, the user wants to open.
    pub(crate) project: &'a str,
}

/// The administrator who acts as another user.
#[derive(Serialize)]
pub(crate) struct Act {
    pub(crate) sub: Uuid,
}

impl<'a> TokenClaims<'a> {
    /// Returns the claims of a session in that dialect, with its scopes from the table.
    pub(crate) fn new(session: &'a Session, dialect: &'a str, scopes: &'a ScopeTable) -> Self {
        let user = &session.user;
        Self {
            sub: user.id,
            username: &user.user_name,
            number: user.number,
            email: user.email.as_deref(),
            organisation: &user.organisation.name,
            organisation_id: user.organisation.id,
            role: user.role.name(),
            dialect,
            client_id: session.registered_application().unwrap_or(dialect),
            scope: scopes.scope(user.role, dialect),
            device: session.client(),
            application: session.application(),
            unit: session.unit(),
            team: session.team(),
            claimed: session.claimed_project().map(|project| Claimed { project }),
            act: session.actor().map(|actor| Act { sub: actor.id }),
            handle: session.digest,
        }
    }
}

#[cfg(test)]
impl<'a> TokenClaims<'a> {
    /// Returns the claims of a user with that name, for tests.
    pub(crate) fn of_linguist(username: &'a str) -> Self {
        Self {
            sub: Uuid::nil(),
            username,
            number: 35,
            email: None,
            organisation: "CRMDEMO",
            organisation_id: Uuid::nil(),
            role: "LINGUIST",
            dialect: "memsource",
            client_id: "memsource",
            device: None,
            scope: None,
            application: None,
            unit: None,
            team: None,
            claimed: None,
            act: None,
            handle: TokenDigest::from([0xa5; 16]),
        }
    }
}
