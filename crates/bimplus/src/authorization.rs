//! The session of the token in the `Authorization` header, or in the query where that is allowed.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::{Payload, RequestHead};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use isogloss_core::{Auth, AuthError, BearerToken, Purpose, RefusalCause, Session, Token};

use crate::REALM;
use crate::error::Error;
use crate::wire::TOKEN_TYPE;

/// A caller with a live access token.
pub(crate) struct AuthenticatedCaller {
    pub(crate) session: Session,
}

impl AuthenticatedCaller {
    /// Returns the caller with this access token. `Err` if there is none, if it is not valid, or if a store is
    /// unreachable.
    async fn authenticate(auth: &Auth, token: Option<Token>) -> Result<Self, Error> {
        let token = token.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
        let session = auth.validate(&token, &[Purpose::Access]).await?;
        Ok(Self { session })
    }

    /// Returns the caller whose token is in the header `Authorization`, for a request that ends the token. The token
    /// may have ended already, so that a logout that failed as unavailable can be repeated. `Err` if there is no such
    /// token, or if a store is unreachable.
    pub(crate) async fn for_logout(auth: &Auth, request: &HttpRequest) -> Result<Self, Error> {
        let token = header_token(request.headers())
            .ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
        let session = auth.validate_to_end(&token, &[Purpose::Access]).await?;
        Ok(Self { session })
    }

    /// Returns the caller whose token is in the query, or in the header `Authorization` if the query has none. `Err` if
    /// there is no valid token, or if a store is unreachable.
    pub(crate) async fn from_query(auth: &Auth, request: &HttpRequest) -> Result<Self, Error> {
        let token = match query_token(request.query_string()) {
            Some(text) => Token::from_guid(REALM, text.trim()),
            None => header_token(request.headers()),
        };
        Self::authenticate(auth, token).await
    }
}

impl FromRequest for AuthenticatedCaller {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let auth = request.app_data::<web::Data<Auth>>().cloned();
        let token = header_token(request.headers());
        Box::pin(async move {
            let auth = auth.ok_or(Error::Misconfigured)?;
            Self::authenticate(&auth, token).await
        })
    }
}

/// Parses an access token of 32 hexadecimal digits, with dashes or without. `None` for any other text.
pub(crate) fn parse_token(text: &str) -> Option<BearerToken> {
    Token::from_guid(REALM, text.trim()).map(BearerToken::access)
}

/// Returns the access token in the header `Authorization`, else the one in the query. `None` if neither has one.
pub(crate) fn find_token(head: &RequestHead) -> Option<BearerToken> {
    match header_token(&head.headers) {
        Some(token) => Some(BearerToken::access(token)),
        None => parse_token(&query_token(head.uri.query()?)?),
    }
}

/// Returns the token of `Authorization: BimPlus <token>`. One client sends `Bearer` instead, one spells the token with
/// dashes. `None` if the header is absent or has another format.
pub(crate) fn header_token(headers: &HeaderMap) -> Option<Token> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = [TOKEN_TYPE, "Bearer"];
    known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        .then(|| Token::from_guid(REALM, token.trim()))?
}

/// Returns the query parameter `access_token`, as documented, or `api-token`, as a Java client sends it in other
/// requests. `None` if the query has neither.
pub(crate) fn query_token(query: &str) -> Option<String> {
    let value_of = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.into_owned())
    };
    value_of("access_token").or_else(|| value_of("api-token"))
}
