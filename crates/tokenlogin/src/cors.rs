//! Calls by pages of other origins. The vendor documents none: off unless configured.

use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::Settings;

/// The request's origin, if its pages may read our answers. No cookie is involved, so an origin
/// needs no further permission.
pub(crate) fn allowed_origin(request: &HttpRequest) -> Option<HeaderValue> {
    let settings = request.app_data::<Data<Settings>>()?;
    let origin = request.headers().get(ORIGIN)?;
    let text = origin.to_str().ok()?;
    let mut allowed = settings.cors_origins.iter();
    allowed
        .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(text))
        .then(|| origin.clone())
}

/// The answer to a browser that asks before it calls an action which has that method.
pub(crate) fn preflight(request: &HttpRequest, method: &Method) -> Option<HttpResponse> {
    let asked = request.headers();
    if request.method() != Method::OPTIONS || !asked.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    allowed_origin(request)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((ACCESS_CONTROL_ALLOW_METHODS, method.as_str()));
    if let Some(headers) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    Some(response.finish())
}
