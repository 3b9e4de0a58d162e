//! The headers of every response, as the vendor's server sends them.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, X_FRAME_OPTIONS};
use actix_web::middleware::Next;
use isogloss_dialect::back_end::Relayed;

/// Sets the headers of a response as the vendor's server sends them. It is middleware for every route of the dialect,
/// and for its responses to unknown paths. Those of a back end only get the spelling of names. `Err` only if the
/// wrapped route returns one.
///
/// One client (libmemsource) finds `Content-Type` only in this spelling; the other headers were in every response that
/// was recorded.
pub(crate) async fn set_headers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    response
        .response_mut()
        .head_mut()
        .set_camel_case_headers(true);
    if response.response().extensions().contains::<Relayed>() {
        return Ok(response);
    }
    let headers = response.headers_mut();
    let cache_control = HeaderValue::from_static("no-store, private, max-age=0");
    headers.insert(CACHE_CONTROL, cache_control);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    Ok(response)
}
