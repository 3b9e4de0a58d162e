//! What browsers need to call from another origin, whatever the outcome.
//!
//! The web SDK runs in pages of other hosts. Its headers are in the lists below; an application
//! may add its own, which `*` covers in browsers that know it. Credentials are not allowed: the
//! token stands in a header of the SDK's making.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use crate::Settings;
use crate::origins::Origins;

/// All that the web SDK sends. Nothing here takes `PUT`; its page is to read so in the refusal.
const METHODS: &str = "DELETE, GET, POST, PUT";
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Cache-Control, If-None-Match, X-Client-Name, X-Client-Version, *";
const ANSWER_HEADERS: &str = "ETag, X-Total-Count";
/// How long a browser may go without asking again, in seconds.
const MAX_AGE: &str = "600";

/// Wraps every route of the dialect, and the answers to routes it does not have.
pub(crate) async fn answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let grant = grant(&request);
    let mut response = if is_preflight(&request) {
        let mut response = request.into_response(HttpResponse::NoContent().finish());
        let headers = response.headers_mut();
        let mut add = |name, value| headers.insert(name, HeaderValue::from_static(value));
        add(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        add(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        add(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        response.map_into_right_body()
    } else {
        let mut response = next.call(request).await?;
        response.headers_mut().insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(ANSWER_HEADERS),
        );
        response.map_into_left_body()
    };
    grant.write(response.headers_mut());
    Ok(response)
}

/// A browser's question before the real request, rather than a call of `OPTIONS`.
fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Who may read the answer.
enum Grant {
    Anyone,
    /// Depends on the caller's origin.
    One(Option<HeaderValue>),
}

impl Grant {
    fn write(self, headers: &mut HeaderMap) {
        let origin = match self {
            Self::Anyone => Some(HeaderValue::from_static("*")),
            Self::One(origin) => {
                headers.insert(VARY, HeaderValue::from_static("Origin"));
                origin
            }
        };
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
}

fn grant(request: &ServiceRequest) -> Grant {
    let settings = request.app_data::<Data<Settings>>();
    match settings.map(|settings| &settings.allowed_origins) {
        Some(Origins::Any) => Grant::Anyone,
        Some(origins @ Origins::Listed(_)) => {
            let named = request.headers().get(ORIGIN);
            let listed = named.and_then(|named| origins.listed(named.as_bytes()));
            Grant::One(listed.and_then(|origin| HeaderValue::from_str(origin).ok()))
        }
        None => Grant::One(None),
    }
}
