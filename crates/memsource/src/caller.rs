//! The session of the token that a call carries.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use isogloss_core::{Auth, AuthError, Presented, Session};

use crate::behind::{self, TOKEN_TYPE};
use crate::errors::Error;
use crate::parameters::Parameters;

/// A caller with a live token.
pub(crate) struct Caller {
    pub(crate) session: Session,
}

impl Caller {
    /// Takes the parameter `token`, or else the header of `api2`.
    pub(crate) async fn of(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = presented(request, parameters)?;
        let session = auth.open(&presented).await?;
        Ok(Self { session })
    }

    /// As [`of`](Self::of), for a token that is to be ended.
    pub(crate) async fn leaving(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = presented(request, parameters)?;
        let session = auth.open_to_end(&presented).await?;
        Ok(Self { session })
    }
}

fn presented(request: &HttpRequest, parameters: &mut Parameters) -> Result<Presented, Error> {
    let text = parameters.optional("token");
    let text = text.or_else(|| header(request.headers()));
    let presented = text.as_deref().and_then(behind::read);
    Ok(presented.ok_or(AuthError::InvalidToken)?)
}

/// Returns the token of `Authorization: ApiToken <token>`; some clients say `Bearer`.
pub(crate) fn header(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = [TOKEN_TYPE, "Bearer"];
    known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        .then(|| token.trim().to_owned())
}
