//! The routes that settings add, and whom browsers may call for.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, body::BoxBody};

use super::*;
use crate::origins::Origins;

async fn answer(settings: &Settings, request: TestRequest) -> ServiceResponse<BoxBody> {
    let app = App::new().service(scope("/v2").configure(|cfg| configure(settings, cfg)));
    let app = init_service(app).await;
    call_service(&app, request.to_request())
        .await
        .map_into_boxed_body()
}

#[actix_web::test]
async fn a_company_may_stand_before_every_route() {
    let off = Settings::default();
    let on = Settings {
        company_prefix: true,
        ..Settings::default()
    };
    for (path, with_prefix) in [
        ("/v2/hello", StatusCode::OK),
        ("/v2/acme/hello", StatusCode::OK),
        ("/v2/acme/teams", StatusCode::OK),
        ("/v2/acme/authorize", StatusCode::OK),
        ("/v2/acme/nothing", StatusCode::NOT_FOUND),
        ("/v2/acme/more/hello", StatusCode::NOT_FOUND),
        ("/v2/acme", StatusCode::NOT_FOUND),
    ] {
        // PUT is no route's method: 405 tells that the route is there.
        let status = |settings| {
            let request = TestRequest::default().method(Method::PUT).uri(path);
            async move { answer(settings, request).await.status() }
        };
        let is_there = with_prefix == StatusCode::OK;
        let found = |there| {
            if there {
                StatusCode::METHOD_NOT_ALLOWED
            } else {
                StatusCode::NOT_FOUND
            }
        };
        assert_eq!(status(&on).await, found(is_there), "{path}");
        assert_eq!(status(&off).await, found(path == "/v2/hello"), "{path}");
    }
}

#[actix_web::test]
async fn only_listed_origins_may_read_answers() {
    let settings = Settings {
        allowed_origins: Origins::Listed(vec!["https://app.example".to_owned()]),
        ..Settings::default()
    };
    for (origin, allowed) in [
        (Some("https://app.example"), Some("https://app.example")),
        (Some("https://other.example"), None),
        (Some("null"), None),
        (None, None),
    ] {
        for path in ["/v2/hello", "/v2/nothing"] {
            for method in [Method::GET, Method::OPTIONS, Method::PUT] {
                let mut request = TestRequest::default().method(method.clone()).uri(path);
                if let Some(origin) = origin {
                    request = request
                        .insert_header((ORIGIN, origin))
                        .insert_header((ACCESS_CONTROL_REQUEST_METHOD, "GET"));
                }
                let response = answer(&settings, request).await;
                let header = |name| {
                    let value = response.headers().get(name);
                    value.map(|value| value.to_str().unwrap())
                };
                let what = format!("{method} {path} from {origin:?}");
                assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{what}");
                assert_eq!(header(VARY), Some("Origin"), "{what}");
            }
        }
    }
}
