//! The handler of forward-auth requests, in which a proxy asks for the session of the request that it forwards.

use actix_web::web::{self, Data};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError};

use crate::Dialect;
use crate::relay::only_token;
use crate::token_search::search_body;

/// How much of a body, in bytes, is searched for a token.
const TOKEN_SEARCH_LIMIT: usize = 64 * 1024;

/// Responds with status 204 and the session in the response's extensions, or with the dialect's error.
///
/// # Errors
/// The [`AuthError`] in the request's extensions if there is one; those of [`Dialect::authorize`]; or the body has different
/// tokens or is unreadable.
pub(crate) async fn forward_auth<D: Dialect>(
    auth: Data<Auth>,
    settings: Data<D::Settings>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, D::Error> {
    if let Some(error) = request.extensions_mut().remove::<AuthError>() {
        return Err(error.into());
    }
    let mut token = D::find_token(&settings, request.head());
    if token.is_none() {
        // Some proxies send the body, too.
        let (places, payload) = (D::token_places(&settings), payload.into_inner());
        let (_, texts) = search_body(&places, &request, payload, TOKEN_SEARCH_LIMIT).await?;
        token = only_token::<D>(texts)?;
    }
    let session = D::authorize(&auth, &settings, &request, token).await?;
    let mut response = HttpResponse::NoContent();
    response.extensions_mut().insert(session);
    Ok(response.finish())
}
