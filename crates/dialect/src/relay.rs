//! The handler of calls that go to the back end behind a dialect.

use actix_web::dev::Payload;
use actix_web::web::{self, Data};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, BearerToken};

use crate::Dialect;
use crate::back_end::{BackEnd, RelayError, Relayed, RelayedCall, SharedBackEnd, TokenPolicy};
use crate::token_search::search_body;

/// Relays a call to the back end of the dialect, or fails with `error` if the dialect has no back end. It is the handler of
/// every path and method for which a dialect has no route.
///
/// # Errors
/// `error` if there is no back end; the dialect's error if the call needs a token and has no valid one, or if a store or
/// the back end is unavailable.
pub async fn relay_or<D: Dialect>(
    request: HttpRequest,
    payload: web::Payload,
    error: D::Error,
) -> Result<HttpResponse, D::Error> {
    match request.app_data::<SharedBackEnd>().cloned() {
        None => Err(error),
        Some(back_end) => relay::<D>(&*back_end, request, payload.into_inner()).await,
    }
}

/// Relays a call that the back end claims.
///
/// # Errors
/// As those of [`relay_or`].
pub(crate) async fn relay_claimed<D: Dialect>(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, D::Error> {
    // The guard of the route has found a back end.
    let unclaimed = AuthError::Forbidden;
    relay_or::<D>(request, payload, unclaimed.into()).await
}

async fn relay<D: Dialect>(
    back_end: &dyn BackEnd,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, D::Error> {
    // An error that the gateway has found already.
    let refusal = request.extensions_mut().remove::<AuthError>();
    if let Some(error) = refusal {
        return Err(error.into());
    }
    let settings = request.app_data::<Data<D::Settings>>().cloned();
    let auth = request.app_data::<Data<Auth>>().cloned();
    let (Some(settings), Some(auth)) = (settings, auth) else {
        return Err(AuthError::Forbidden.into());
    };
    let policy = back_end.token_policy(request.head());
    let places = D::token_places(&settings);
    let limit = back_end.token_search_limit();
    let (body, in_body) = search_body(&places, &request, payload, limit).await?;
    let session = match policy {
        TokenPolicy::Public => None,
        TokenPolicy::Required | TokenPolicy::Optional => {
            let mut texts = places.texts_in_head(request.head());
            texts.extend(in_body);
            let token = only_token::<D>(texts)?;
            if token.is_none() && policy == TokenPolicy::Optional {
                None
            } else {
                Some(D::authorize(&auth, &settings, &request, token).await?)
            }
        }
    };
    let call = RelayedCall {
        request,
        body,
        session,
    };
    match back_end.relay(call).await {
        Ok(mut response) => {
            response.extensions_mut().insert(Relayed);
            Ok(response)
        }
        Err(RelayError::BackEnd(error)) => Err(error.into()),
        Err(RelayError::Body(error)) => Err(error.into()),
    }
}

/// Returns the token that all texts spell, or `None` if there is no text.
///
/// # Errors
/// The texts are different tokens, or one of them is no token of the dialect: the back end might read another one than the
/// gateway.
pub(crate) fn only_token<D: Dialect>(texts: Vec<String>) -> Result<Option<BearerToken>, AuthError> {
    let mut found: Option<BearerToken> = None;
    for text in texts {
        let token = D::parse_token(&text).ok_or(AuthError::InvalidToken)?;
        match &found {
            None => found = Some(token),
            Some(first) if first.is_same(&token) => {}
            Some(_) => return Err(AuthError::InvalidToken),
        }
    }
    Ok(found)
}
