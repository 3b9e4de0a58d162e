//! The handler of calls that go to the back end behind a dialect.

use actix_web::dev::Payload;
use actix_web::web::{self, Data};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Session};

use crate::Dialect;
use crate::back_end::{
    BackEnd, BackEndError, RelayError, Relayed, RelayedBody, RelayedCall, SharedBackEnd,
    TokenPolicy,
};
use crate::token_search::search_body;

/// Relays a call to the back end of the dialect, or fails with `error` if the dialect has no back end. It is the
/// handler of every path and method for which a dialect has no route.
///
/// # Errors
/// `error` if there is no back end; the dialect's error if the call needs a token and has no valid one, if its body is
/// unreadable, or if a store or the back end is unavailable.
pub async fn relay_or<D: Dialect>(
    request: HttpRequest,
    payload: web::Payload,
    error: D::Error,
) -> Result<HttpResponse, D::Error> {
    let back_end = request.app_data::<SharedBackEnd>().cloned();
    let auth = request.app_data::<Data<Auth>>().cloned();
    let settings = request.app_data::<Data<D::Settings>>().cloned();
    let (Some(back_end), Some(auth), Some(settings)) = (back_end, auth, settings) else {
        return Err(error);
    };
    // An error that the gateway has found already.
    let refusal = request.extensions_mut().remove::<AuthError>();
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    let caller = (&**auth, &**settings);
    let payload = payload.into_inner();
    let (body, session) = authorize::<D>(&*back_end, caller, &request, payload).await?;
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

/// Relays a call that the back end claims.
///
/// # Errors
/// As those of [`relay_or`].
pub(crate) async fn relay_claimed<D: Dialect>(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, D::Error> {
    relay_or::<D>(request, payload, BackEndError::Unreachable.into()).await
}

/// Returns the body and the session of the token in the call, or `None` if the call needs no token and has none.
/// `Err` if the call needs a token and has no valid one, if the dialect does not accept it without a token, if its body
/// is unreadable, or if a store is unavailable.
async fn authorize<D: Dialect>(
    back_end: &dyn BackEnd,
    (auth, settings): (&Auth, &D::Settings),
    request: &HttpRequest,
    payload: Payload,
) -> Result<(RelayedBody, Option<Session>), D::Error> {
    let policy = back_end.token_policy(request);
    let places = D::token_places(settings);
    // The body of a public call is searched, too: the back end may be one that must not see tokens.
    let limit = back_end.token_search_limit();
    let (body, in_body) = search_body(&places, request, payload, limit).await?;
    if policy == TokenPolicy::Public {
        return Ok((body, None));
    }
    let mut texts = places.texts_in_head(request.head());
    texts.extend(in_body);
    let token = match texts.only_token::<D>() {
        Ok(None) if policy == TokenPolicy::Optional => {
            D::authorize_anonymous(auth, settings, request).await?;
            return Ok((body, None));
        }
        Ok(token) => token,
        // Refused as without a token, in the words of the dialect.
        Err(_) => None,
    };
    let session = D::authorize(auth, settings, request, token).await?;
    Ok((body, Some(session)))
}
