//! The handler of forward-auth requests, in which a proxy asks for the session of the request that it forwards.

use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, BearerToken};

use crate::Dialect;
use crate::token_search::search_body;

/// How much of a body, in bytes, is searched for a token.
const TOKEN_SEARCH_LIMIT: usize = 64 * 1024;

/// Responds with status 204 and the session in the response's extensions, or with the dialect's error.
///
/// # Errors
/// The [`AuthError`] in the request's extensions if there is one; those of [`Dialect::authorize`]; or the body has
/// different tokens or is unreadable.
pub(crate) async fn forward_auth<D: Dialect>(
    auth: Data<Auth>,
    settings: Data<D::Settings>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, D::Error> {
    if let Some(error) = request.extensions_mut().remove::<AuthError>() {
        return Err(error.into());
    }
    let token = find_token::<D>(&settings, &request, payload).await?;
    let session = D::authorize(&auth, &settings, &request, token).await?;
    let mut response = HttpResponse::NoContent();
    response.extensions_mut().insert(session);
    Ok(response.finish())
}

/// Returns the token in the head of a request, or in its body if the head has none: some proxies send the body, too.
/// `None` if neither has one, if the one in the head is malformed, or if the body has different tokens. `Err` if the body
/// is unreadable.
async fn find_token<D: Dialect>(
    settings: &D::Settings,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Option<BearerToken>, D::Error> {
    let token = D::find_token(settings, request.head());
    let places = D::token_places(settings);
    if token.is_some() || !places.texts_in_head(request.head()).tokens.is_empty() {
        return Ok(token);
    }
    let payload = payload.into_inner();
    let (_, texts) = search_body(&places, request, payload, TOKEN_SEARCH_LIMIT).await?;
    // Different tokens are refused as none, in the words of the dialect.
    Ok(texts.only_token::<D>().unwrap_or_default())
}
