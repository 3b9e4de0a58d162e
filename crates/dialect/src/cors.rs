//! CORS: which pages of other origins may call a dialect, and the headers that say so to a browser.
//!
//! Credentials are never allowed: a page writes tokens into headers, queries and bodies itself, and browsers send no
//! cookies with its calls.
//!
//! Calls that go to a back end have the same policy: preflights are not relayed, and the back end's own CORS headers
//! are replaced. Only a dialect without any allowed origin leaves CORS to its back end.

mod origins;
#[cfg(test)]
mod tests;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig, scope as empty_scope};
use actix_web::{Error, HttpResponse, HttpResponseBuilder, Scope};

pub use self::origins::Origins;
use crate::back_end::{Relayed, SharedBackEnd};

/// How long a browser may cache the response to a preflight, in seconds.
const PREFLIGHT_MAX_AGE_SECONDS: &str = "600";

/// The methods that a page may use if there is a back end, whose routes are unknown.
const BACK_END_METHODS: &str = "DELETE, GET, HEAD, PATCH, POST, PUT";

/// The CORS policy of a dialect.
#[derive(Debug, Clone)]
pub struct Cors {
    /// The origins that may read its responses.
    pub origins: Origins,
    /// How it responds to pages.
    pub style: CorsStyle,
}

/// How a dialect responds to pages of other origins.
#[derive(Debug, Clone, Copy)]
pub enum CorsStyle {
    /// Its clients run in such pages. A preflight gets status 204 and these lists at every path, so that
    /// a page can read a 404, and every response says which origin may read it.
    Open {
        /// The value of `Access-Control-Allow-Methods`.
        methods: &'static str,
        /// The value of `Access-Control-Allow-Headers`.
        allowed_headers: &'static str,
        /// The value of `Access-Control-Expose-Headers`, if there is one.
        exposed_headers: Option<&'static str>,
    },
    /// Its clients are programs, and a page is an exception that the operator makes. A preflight of an
    /// allowed origin gets status 200, the methods of the resource and the headers that it requests. Other
    /// origins get responses without CORS headers.
    OptIn,
}

/// Returns a scope for all routes of a dialect, with [`middleware`], and adds the policy to the application's data.
pub fn scope(
    cors: Cors,
    cfg: &mut ServiceConfig,
) -> Scope<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<BoxBody>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    cfg.app_data(Data::new(cors));
    empty_scope("").wrap(from_fn(middleware))
}

/// Responds to preflights and adds the CORS headers to all other responses, by the [`Cors`] in the application's data.
/// It is middleware for every route of a dialect, and for its responses to unknown paths.
///
/// # Errors
/// Those of the wrapped routes.
pub async fn middleware<B: MessageBody>(
    cors: Data<Cors>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let origin = request.headers().get(ORIGIN).cloned();
    let has_back_end = request.app_data::<SharedBackEnd>().is_some();
    match cors.style {
        CorsStyle::Open {
            methods,
            allowed_headers,
            exposed_headers,
        } => {
            let mut response = if is_preflight(&request) {
                let methods = if has_back_end {
                    BACK_END_METHODS
                } else {
                    methods
                };
                let mut preflight = HttpResponse::NoContent();
                preflight
                    .insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods))
                    .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers))
                    .insert_header((ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE_SECONDS));
                let response = request.into_response(preflight.finish());
                response.map_into_right_body()
            } else {
                let mut response = next.call(request).await?;
                remove_back_end_headers(&mut response);
                if let Some(exposed) = exposed_headers {
                    let exposed = HeaderValue::from_static(exposed);
                    let headers = response.headers_mut();
                    headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
                }
                response.map_into_left_body()
            };
            insert_allow_origin(response.headers_mut(), &cors.origins, origin.as_ref());
            Ok(response)
        }
        CorsStyle::OptIn => {
            let allowed = origin.filter(|origin| cors.origins.allows(origin.as_bytes()));
            let requested_headers = is_preflight(&request).then(|| {
                request
                    .headers()
                    .get(ACCESS_CONTROL_REQUEST_HEADERS)
                    .cloned()
            });
            let mut response = match (&allowed, requested_headers) {
                (Some(_), Some(requested_headers)) if has_back_end => {
                    let methods = HeaderValue::from_static(BACK_END_METHODS);
                    let preflight = preflight_response(methods, requested_headers);
                    request.into_response(preflight).map_into_right_body()
                }
                (Some(_), Some(requested_headers)) => {
                    let response = next.call(request).await?;
                    // The error response to `OPTIONS` lists the methods of the resource; an unknown path has no list.
                    match response.headers().get(ALLOW).cloned() {
                        Some(methods) => {
                            let preflight = preflight_response(methods, requested_headers);
                            response.into_response(preflight).map_into_right_body()
                        }
                        None => response.map_into_left_body(),
                    }
                }
                (Some(_) | None, _) => next.call(request).await?.map_into_left_body(),
            };
            if !cors.origins.is_empty() {
                remove_back_end_headers(&mut response);
            }
            let Some(origin) = allowed else {
                return Ok(response);
            };
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(VARY, HeaderValue::from_static("Origin"));
            Ok(response)
        }
    }
}

/// Returns true for a CORS preflight: an `OPTIONS` request with an origin and a requested method.
fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Removes the CORS headers of a back end. Those that only name response headers stay: they allow no origin.
fn remove_back_end_headers<B>(response: &mut ServiceResponse<B>) {
    if !response.response().extensions().contains::<Relayed>() {
        return;
    }
    for name in [
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE,
    ] {
        response.headers_mut().remove(name);
    }
}

/// Inserts `Access-Control-Allow-Origin` if the origin of the request may read the response, and `Vary` if that depends
/// on the origin.
fn insert_allow_origin(headers: &mut HeaderMap, origins: &Origins, origin: Option<&HeaderValue>) {
    let allowed = match origins {
        Origins::Any => Some(HeaderValue::from_static("*")),
        Origins::Listed(_) => {
            headers.append(VARY, HeaderValue::from_static("Origin"));
            origin
                .filter(|origin| origins.allows(origin.as_bytes()))
                .cloned()
        }
    };
    if let Some(allowed) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
}

/// Returns the 200 response to a preflight, which allows the methods of the resource and the requested headers.
fn preflight_response(
    methods: HeaderValue,
    requested_headers: Option<HeaderValue>,
) -> HttpResponse {
    let mut preflight: HttpResponseBuilder = HttpResponse::Ok();
    preflight.insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods));
    if let Some(headers) = requested_headers {
        preflight.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    preflight.finish()
}
