//! The session of the token in the `Authorization` header.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use isogloss_core::{Auth, AuthError, Purpose, Session, Token};

use crate::REALM;
use crate::errors::Error;
use crate::wire::TOKEN_TYPE;

/// A caller with a live access token.
pub(crate) struct Caller {
    pub(crate) token: Token,
    pub(crate) session: Session,
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let auth = request.app_data::<web::Data<Auth>>().cloned();
        let token = token_of(request);
        Box::pin(async move {
            let token = token.ok_or(AuthError::InvalidToken)?;
            let auth = auth.ok_or(Error::Misconfigured)?;
            let session = auth.validate(&token, &[Purpose::Access]).await?;
            Ok(Self { token, session })
        })
    }
}

/// `BimPlus <token>`; one client says `Bearer`, one spells the token with dashes.
fn token_of(request: &HttpRequest) -> Option<Token> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = [TOKEN_TYPE, "Bearer"];
    known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        .then(|| Token::from_guid(REALM, token.trim()))?
}
