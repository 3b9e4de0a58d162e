//! The security headers of all responses of both listeners.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

/// Content security policy: no page may load, run or submit anything, or be shown in a frame. That includes
/// the page of Memsource's `authByToken`.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Returns the middleware that adds the headers that a response does not set itself. `no-store` is added to all
/// responses: every route issues a token, checks one, or shows data that a token gave access to.
pub(crate) fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add((X_FRAME_OPTIONS, "DENY"))
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((CACHE_CONTROL, "no-store"))
}

/// Returns [`security_headers`] with `Strict-Transport-Security` (HSTS), or without it if `max_age` is zero.
pub(crate) fn security_headers_with_hsts(max_age: Duration) -> DefaultHeaders {
    let headers = security_headers();
    if max_age.is_zero() {
        return headers;
    }
    let value = format!("max-age={}", max_age.as_secs());
    headers.add((STRICT_TRANSPORT_SECURITY, value))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::to;
    use actix_web::{App, HttpResponse};

    use super::*;

    /// Returns the headers of a response that sets `Cache-Control` itself.
    async fn headers(layer: DefaultHeaders) -> HeaderMap {
        let own = || async {
            HttpResponse::NotFound()
                .insert_header((CACHE_CONTROL, "max-age=60"))
                .finish()
        };
        let app = init_service(App::new().default_service(to(own)).wrap(layer)).await;
        let response = call_service(&app, TestRequest::default().to_request()).await;
        response.headers().clone()
    }

    #[actix_web::test]
    async fn headers_that_a_response_sets_itself_stay() {
        let headers = headers(security_headers()).await;
        let values: Vec<_> = headers.get_all(CACHE_CONTROL).collect();
        assert_eq!(values, ["max-age=60"]);
        assert_eq!(headers.get(X_FRAME_OPTIONS).unwrap(), "DENY");
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[actix_web::test]
    async fn hsts_is_sent_with_its_max_age_or_not_at_all() {
        for (seconds, expected) in [(0, None), (60, Some("max-age=60"))] {
            let layer = security_headers_with_hsts(Duration::from_secs(seconds));
            let headers = headers(layer).await;
            let found = headers.get(STRICT_TRANSPORT_SECURITY);
            assert_eq!(found.map(|value| value.to_str().unwrap()), expected);
        }
    }
}
