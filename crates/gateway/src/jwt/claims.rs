//! Whom a token speaks for, in the words of RFC 7662 and RFC 7519, and our own where those have none.

use isogloss_core::{Session, TokenDigest};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The members that an introspection and a JWT have in common. What is not known is left out.
#[derive(Serialize)]
pub(crate) struct TokenClaims<'a> {
    /// The user's identifier.
    pub(crate) sub: Uuid,
    /// The name to log in by.
    pub(crate) username: &'a str,
    /// The user's number, for dialects that name users by it.
    pub(crate) number: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    pub(crate) organisation: &'a str,
    pub(crate) organisation_id: Uuid,
    pub(crate) role: &'static str,
    pub(crate) dialect: &'a str,
    /// What the device or program that logged in calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<&'a str>,
    /// The application that it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<&'a str>,
    /// What the client said and the directory cannot check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claimed: Option<Claimed<'a>>,
    /// The administrator who acts as the user (RFC 8693, section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Act>,
    /// The token's handle, by which `isogloss session` knows it.
    #[serde(serialize_with = "handle")]
    pub(crate) jti: TokenDigest,
}

/// The client's own statements.
#[derive(Serialize)]
pub(crate) struct Claimed<'a> {
    /// The project that it says the user wants to open.
    pub(crate) project: &'a str,
}

/// Who acts as somebody else.
#[derive(Serialize)]
pub(crate) struct Act {
    pub(crate) sub: Uuid,
}

impl<'a> TokenClaims<'a> {
    pub(crate) fn new(session: &'a Session, dialect: &'a str) -> Self {
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
            client_id: session.client(),
            application: session.application(),
            unit: session.unit(),
            team: session.team(),
            claimed: session.claimed_project().map(|project| Claimed { project }),
            act: session.actor().map(|actor| Act { sub: actor.id }),
            jti: session.digest,
        }
    }
}

fn handle<S: Serializer>(digest: &TokenDigest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
