//! The token of a request, and its session.

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap};
use isogloss_core::{Auth, AuthError, BearerToken, Purpose, Session, Token};
use isogloss_dialect::Dialect as _;

use crate::error::Error;
use crate::parameters::Parameters;
use crate::{Memsource, Settings, wire};

/// A caller with a live token.
pub(crate) struct AuthenticatedCaller {
    pub(crate) session: Session,
}

impl AuthenticatedCaller {
    /// Returns the caller by the parameter `token`, or else by the header of `api2`.
    pub(crate) async fn authenticate(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = presented(request, parameters)?;
        let session = auth.validate_bearer(&presented).await?;
        Ok(Self { session })
    }

    /// Returns the caller by the same token as [`authenticate`](Self::authenticate), for a request that ends it.
    pub(crate) async fn for_logout(
        auth: &Auth,
        request: &HttpRequest,
        parameters: &mut Parameters,
    ) -> Result<Self, Error> {
        let presented = presented(request, parameters)?;
        let session = auth.validate_bearer_to_end(&presented).await?;
        Ok(Self { session })
    }
}

fn presented(request: &HttpRequest, parameters: &mut Parameters) -> Result<BearerToken, Error> {
    let text = parameters.optional("token");
    let text = text.or_else(|| header_token(request.headers()));
    let presented = text.as_deref().and_then(parse_token);
    Ok(presented.ok_or(AuthError::InvalidToken)?)
}

/// Parses a token with the number of its user, which must be right.
pub(crate) fn parse_token(text: &str) -> Option<BearerToken> {
    let (number, token) = wire::parse_token(text)?;
    Some(BearerToken {
        token,
        purposes: &[Purpose::Access, Purpose::Impersonation],
        user_number: Some(number),
    })
}

/// Returns the token in the query, else in the header, else in the cookie of a browser session.
pub(crate) fn find_token(settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
    let text = query_token(head.uri.query().unwrap_or_default());
    let text = text.or_else(|| header_token(&head.headers));
    let text = text.or_else(|| cookie_token(&head.headers, &settings.cookie_name));
    parse_token(&text?)
}

/// Returns the tokens that a login has in addition to the password: in the head, and in a parameter.
pub(crate) fn proofs(
    settings: &Settings,
    head: &RequestHead,
    parameter: Option<&str>,
) -> Vec<Token> {
    let parameter = parameter.and_then(parse_token);
    let presented = find_token(settings, head).into_iter().chain(parameter);
    presented.map(|presented| presented.token).collect()
}

fn query_token(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let token = pairs.find(|(name, value)| name == "token" && !value.is_empty());
    token.map(|(_, value)| value.into_owned())
}

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

/// Returns the token of `Authorization: ApiToken <token>`; some clients send `Bearer`.
pub(crate) fn header_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = [Memsource::TOKEN_TYPE, "Bearer"];
    known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        .then(|| token.trim().to_owned())
}
