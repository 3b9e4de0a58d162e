//! HTTP 200 whatever the outcome.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::middleware::Next;

use crate::error::Error;

/// Wraps every route of the dialect, unless the operator asks for strict statuses.
///
/// The Java and .NET clients read the envelope of a refusal, and their HTTP libraries throw it away
/// under any status but a good one. What no client asks for keeps its status: a path or a method
/// that does not exist.
pub(crate) async fn always_ok<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let refusal = response.response().error();
    let refusal = refusal.and_then(|error| error.as_error::<Error>());
    if refusal.is_some_and(|refusal| !matches!(refusal, Error::NoRoute | Error::NoMethod)) {
        *response.response_mut().status_mut() = StatusCode::OK;
        response.headers_mut().remove(WWW_AUTHENTICATE);
    }
    Ok(response)
}
