//! The token of a request, and its session.

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap};
use isogloss_core::{Auth, AuthError, BearerToken, Purpose, RefusalCause, Session, Token};
use isogloss_dialect::Dialect as _;

use crate::error::Error;
use crate::parameters::Parameters;
use crate::{Memsource, Settings, wire};

/// A caller with a live token.
pub(crate) struct AuthenticatedCaller {
    pub(crate) session: Session,
}

impl AuthenticatedCaller {
    /// Returns the caller by the token in the parameter `token`, or in the header `Authorization` if there is no
    /// parameter. `Err` if there is no valid token, or if a store is unreachable.
    pub(crate) async fn authenticate(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = bearer_token(request, parameters)?;
        let session = auth.validate_bearer(&presented).await?;
        Ok(Self { session })
    }

    /// Returns the caller by the token in the parameter `token`, or in the header `Authorization`, for a request that
    /// ends the token. The token may have ended already, so that a logout that failed as unavailable can be repeated.
    /// `Err` if there is no such token, or if a store is unreachable.
    pub(crate) async fn for_logout(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = bearer_token(request, parameters)?;
        let session = auth.validate_bearer_to_end(&presented).await?;
        Ok(Self { session })
    }
}

/// Returns the token in the parameter `token`, or in the header `Authorization`. `Err` if there is none, or if it is
/// malformed.
fn bearer_token(request: &HttpRequest, parameters: &mut Parameters) -> Result<BearerToken, Error> {
    let text = parameters.optional("token");
    let text = text.or_else(|| header_token(request.headers()));
    let presented = text.as_deref().and_then(parse_token);
    Ok(presented.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?)
}

/// Parses a token with the number of its user, which must match when the token is checked. `None` if it is malformed.
pub(crate) fn parse_token(text: &str) -> Option<BearerToken> {
    let (number, token) = wire::parse_token(text)?;
    Some(BearerToken {
        token,
        purposes: &[Purpose::Access, Purpose::Impersonation],
        user_number: Some(number),
    })
}

/// Returns the token in the query, else in the header, else in the cookie of a browser session. `None` if the first of
/// them that is there is malformed, or if none is there.
pub(crate) fn find_token(settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
    let text = query_token(head.uri.query().unwrap_or_default());
    let text = text.or_else(|| header_token(&head.headers));
    let text = text.or_else(|| cookie_token(&head.headers, &settings.cookie_name));
    parse_token(&text?)
}

/// Returns the tokens that a login sends in addition to the password: in query, header or cookie, and in the parameter
/// `token`. They can show that the client is known.
pub(crate) fn device_tokens(
    settings: &Settings,
    head: &RequestHead,
    parameter: Option<&str>,
) -> Vec<Token> {
    let parameter = parameter.and_then(parse_token);
    let presented = find_token(settings, head).into_iter().chain(parameter);
    presented.map(|presented| presented.token).collect()
}

/// Returns the parameter `token` of a query. `None` if it is absent or empty.
fn query_token(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let token = pairs.find(|(name, value)| name == "token" && !value.is_empty());
    token.map(|(_, value)| value.into_owned())
}

/// Returns the value of the cookie with this name. `None` if there is none.
fn cookie_token(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers
        .get_all(COOKIE)
        .filter_map(|line| line.to_str().ok());
    let mut cookies = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    let (_, token) = cookies.find(|(key, _)| *key == name)?;
    Some(token.to_owned())
}

/// Returns the token of `Authorization: ApiToken <token>`; some clients send `Bearer` instead. `None` if the header is
/// absent or has another scheme.
pub(crate) fn header_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = [Memsource::TOKEN_TYPE, "Bearer"];
    known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        .then(|| token.trim().to_owned())
}
