//! The handler of forward-auth requests, in which a proxy asks for the session of the request that it forwards.

use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError};

use crate::Dialect;

/// Responds with status 204 and the session in the response's extensions, or with the dialect's error.
///
/// # Errors
/// The [`AuthError`] in the request's extensions if there is one, else those of [`Dialect::authorize`].
pub(crate) async fn forward_auth<D: Dialect>(
    auth: Data<Auth>,
    settings: Data<D::Settings>,
    request: HttpRequest,
) -> Result<HttpResponse, D::Error> {
    if let Some(error) = request.extensions_mut().remove::<AuthError>() {
        return Err(error.into());
    }
    let session = D::authorize(&auth, &settings, &request).await?;
    let mut response = HttpResponse::NoContent();
    response.extensions_mut().insert(session);
    Ok(response.finish())
}
