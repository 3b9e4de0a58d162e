//! Whom a token speaks for, in the words of RFC 7662 and RFC 7519, and our own where those have none.

use isogloss_core::Session;
use serde::Serialize;
use uuid::Uuid;

/// The members that an introspection and a JWT have in common. What is not known is left out.
#[derive(Serialize)]
pub(crate) struct Identity<'a> {
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
    /// The device or program that logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<&'a str>,
    /// The application it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<&'a str>,
    /// The administrator who acts as the user (RFC 8693, section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Act>,
    /// The token's handle, by which `isogloss session` knows it.
    pub(crate) jti: String,
}

/// Who acts as somebody else.
#[derive(Serialize)]
pub(crate) struct Act {
    pub(crate) sub: Uuid,
}

impl<'a> Identity<'a> {
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
            client_id: session.client.as_deref(),
            application: session.application.as_deref(),
            unit: session.unit.as_deref(),
            team: session.team.as_deref(),
            project: session.project.as_deref(),
            act: session.actor.map(|actor| Act { sub: actor.id }),
            jti: session.digest.to_string(),
        }
    }
}
