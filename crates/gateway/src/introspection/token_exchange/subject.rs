//! The types of tokens in a token exchange (RFC 8693, section 3).

use super::{Form, OAuthError};

const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Prefix of a dialect's own token type.
const OF_DIALECT: &str = "urn:isogloss:token-type:";

/// What the service says of the subject token.
pub(super) enum SubjectKind {
    /// A token of that dialect, or of any for `None`; or a JWT of this gateway for one of them.
    Any(Option<String>),
    /// A JWT of this gateway.
    Jwt,
    /// A token as clients of that dialect have it.
    OfDialect(String),
}

impl SubjectKind {
    /// Parses the type of the subject token and the parameter `dialect`. Fails if the type is missing or unknown, or there
    /// is an actor token.
    pub(super) fn parse(form: &mut Form) -> Result<Self, OAuthError> {
        for name in ["actor_token", "actor_token_type"] {
            if form.optional(name)?.is_some() {
                let text = format!("an {name} is not taken");
                return Err(OAuthError::InvalidRequest(text));
            }
        }
        let kind = form.mandatory("subject_token_type")?;
        match kind.strip_prefix(OF_DIALECT) {
            Some(dialect) => Ok(Self::OfDialect(dialect.to_owned())),
            None if kind == ACCESS_TOKEN => Ok(Self::Any(form.optional("dialect")?)),
            None if kind == JWT => Ok(Self::Jwt),
            None => {
                let text =
                    format!("expected a subject_token_type {ACCESS_TOKEN}, {JWT} or {OF_DIALECT}…");
                Err(OAuthError::InvalidRequest(text))
            }
        }
    }

    /// Returns the dialect of the token, if the service has named it.
    pub(super) fn dialect(&self) -> Option<&str> {
        match self {
            Self::Any(dialect) => dialect.as_deref(),
            Self::OfDialect(dialect) => Some(dialect),
            Self::Jwt => None,
        }
    }

    /// Returns whether the token may be a JWT.
    pub(super) fn may_be_jwt(&self) -> bool {
        matches!(self, Self::Any(_) | Self::Jwt)
    }
}

/// Returns the type of the issued token: the requested one, or that of an access token. Fails if the service requests
/// another type: a JWT is all that is issued.
pub(super) fn issued_token_type(form: &mut Form) -> Result<&'static str, OAuthError> {
    match form.optional("requested_token_type")?.as_deref() {
        None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
        Some(JWT) => Ok(JWT),
        Some(_) => {
            let text = format!("expected a requested_token_type {ACCESS_TOKEN} or {JWT}");
            Err(OAuthError::InvalidRequest(text))
        }
    }
}
