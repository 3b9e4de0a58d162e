//! Claims about the user of a token, named as in RFC 7662 and RFC 7519, or by us where these have no name.

use isogloss_core::{Session, TokenDigest};
use serde::{Serialize, Serializer};
use uuid::Uuid;

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
    /// The name that the device or program sent when it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<&'a str>,
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
    /// The token's handle, as in `isogloss session`.
    #[serde(serialize_with = "handle")]
    pub(crate) jti: TokenDigest,
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
