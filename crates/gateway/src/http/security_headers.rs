//! The security headers of all responses of both listeners.

use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;
use isogloss_dialect::back_end::Relayed;

/// Content security policy: no page may load, run or submit anything, or be shown in a frame. That includes
/// the page of Memsource's `authByToken`.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers of all responses of the gateway. `no-store` is one of them: every route issues a token, checks one, or shows
/// data that a token gave access to.
const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_SECURITY_POLICY, POLICY),
    (CACHE_CONTROL, "no-store"),
];

/// Returns the middleware that adds the headers that a response does not set itself.
pub(crate) fn security_headers() -> DefaultHeaders {
    let headers = SECURITY_HEADERS.into_iter();
    headers.fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// The headers of the responses of the public listener.
pub(super) struct PublicHeaders {
    hsts: Option<HeaderValue>,
}

impl PublicHeaders {
    /// Returns the headers with `Strict-Transport-Security` (HSTS), or without it if `max_age` is zero.
    pub(super) fn new(max_age: Duration) -> Self {
        let value = format!("max-age={}", max_age.as_secs());
        let hsts = HeaderValue::try_from(value).ok();
        Self {
            hsts: hsts.filter(|_| !max_age.is_zero()),
        }
    }

    /// Adds the headers that a response does not set itself. The response of a back end only gets HSTS, which concerns the
    /// whole host.
    pub(super) fn add<B>(&self, response: &mut ServiceResponse<B>) {
        let is_relayed = response.response().extensions().contains::<Relayed>();
        let own = SECURITY_HEADERS.iter().filter(|_| !is_relayed);
        let own = own.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let hsts = self.hsts.iter().cloned();
        let hsts = hsts.map(|value| (&STRICT_TRANSPORT_SECURITY, value));
        let headers = response.headers_mut();
        for (name, value) in own.chain(hsts) {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value);
            }
        }
    }
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

    /// Returns the response of a back end, or of the gateway itself, with the public headers.
    fn public(hsts: Duration, relayed: Option<Relayed>) -> HeaderMap {
        let response = HttpResponse::Ok().finish();
        let mut response = ServiceResponse::new(TestRequest::default().to_http_request(), response);
        if let Some(relayed) = relayed {
            response.response_mut().extensions_mut().insert(relayed);
        }
        PublicHeaders::new(hsts).add(&mut response);
        response.headers().clone()
    }

    #[actix_web::test]
    async fn hsts_is_sent_with_its_max_age_or_not_at_all() {
        for (seconds, expected) in [(0, None), (60, Some("max-age=60"))] {
            let headers = public(Duration::from_secs(seconds), None);
            let found = headers.get(STRICT_TRANSPORT_SECURITY);
            assert_eq!(found.map(|value| value.to_str().unwrap()), expected);
            assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        }
    }

    #[actix_web::test]
    async fn a_relayed_response_gets_hsts_and_nothing_else() {
        let headers = public(Duration::from_mins(1), Some(Relayed));
        let names: Vec<_> = headers.keys().collect();
        assert_eq!(names, [&STRICT_TRANSPORT_SECURITY]);
    }
}
