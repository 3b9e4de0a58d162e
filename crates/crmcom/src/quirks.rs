//! HTTP 200 for every outcome.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::middleware::Next;

use crate::error::Error;

/// Changes the status of the dialect's errors to 200. This middleware is active unless the operator sets
/// `strict_status`. `Err` only if the wrapped route returns one.
///
/// The Java and .NET clients read the envelope of an error, and their HTTP libraries drop the body of any
/// other status. An unknown path or method keeps its status, as no client requests one.
pub(crate) async fn always_ok<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let error = response.response().error();
    let error = error.and_then(|error| error.as_error::<Error>());
    if error.is_some_and(|error| !matches!(error, Error::NotFound | Error::MethodNotAllowed)) {
        *response.response_mut().status_mut() = StatusCode::OK;
        response.headers_mut().remove(WWW_AUTHENTICATE);
    }
    Ok(response)
}
