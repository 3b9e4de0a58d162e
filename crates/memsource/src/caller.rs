//! The session of the token that a call carries.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use isogloss_core::{Auth, AuthError, Purpose, Session, Token};

use crate::errors::Error;
use crate::parameters::Parameters;
use crate::wire::parse_token;

/// A caller with a live token.
pub(crate) struct Caller {
    pub(crate) token: Token,
    pub(crate) session: Session,
}

impl Caller {
    /// Takes the parameter `token`, or else the header of `api2`.
    pub(crate) async fn of(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let text = parameters.optional("token").or_else(|| header(request));
        let parsed = text.as_deref().and_then(parse_token);
        let (number, token) = parsed.ok_or(AuthError::InvalidToken)?;
        let session = auth
            .validate(&token, &[Purpose::Access, Purpose::Impersonation])
            .await?;
        if session.user.number != number {
            return Err(AuthError::InvalidToken.into());
        }
        Ok(Self { token, session })
    }
}

pub(crate) fn header(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("ApiToken")
        .then(|| token.trim().to_owned())
}
