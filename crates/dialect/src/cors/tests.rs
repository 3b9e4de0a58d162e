//! The CORS headers of responses in both styles.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{resource, scope, to};
use actix_web::{App, web};

use super::*;

const OPEN: CorsStyle = CorsStyle::Open {
    methods: "GET, POST",
    allowed_headers: "Authorization, *",
    exposed_headers: Some("ETag"),
};

/// Sends a request to a dialect with one route, `GET /there`, and returns the status and the CORS headers of the
/// response.
async fn ask(
    style: CorsStyle,
    origins: &[&str],
    request: TestRequest,
) -> (u16, Vec<(String, String)>) {
    let origins: Vec<_> = origins.iter().map(|name| (*name).to_owned()).collect();
    let origins = Origins::try_from(origins).unwrap();
    let there = resource("/there")
        .route(web::get().to(async || HttpResponse::Ok().body("there")))
        .default_service(to(async || {
            HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, "GET"))
                .body("not that way")
        }));
    let routes = scope("").wrap(from_fn(middleware)).service(there);
    let cors = Data::new(Cors { origins, style });
    let app = init_service(App::new().app_data(cors).service(routes)).await;
    let response = call_service(&app, request.to_request()).await;
    let told = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str();
        let is_told = name.starts_with("access-control") || name == "vary";
        is_told.then(|| (name.to_owned(), value.to_str().unwrap().to_owned()))
    };
    let mut headers: Vec<_> = response.headers().iter().filter_map(told).collect();
    headers.sort();
    (response.status().as_u16(), headers)
}

fn from(request: TestRequest, origin: &str) -> TestRequest {
    request.insert_header((ORIGIN, origin))
}

fn preflight(path: &str, origin: &str) -> TestRequest {
    from(
        TestRequest::default().method(Method::OPTIONS).uri(path),
        origin,
    )
    .insert_header((ACCESS_CONTROL_REQUEST_METHOD, "POST"))
    .insert_header((ACCESS_CONTROL_REQUEST_HEADERS, "x-a,x-b"))
}

fn headers(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = list
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

#[actix_web::test]
async fn an_open_dialect_answers_preflights_at_every_path() {
    for path in ["/there", "/nowhere"] {
        let told = ask(OPEN, &["*"], preflight(path, "https://a.example")).await;
        let expected = headers(&[
            ("access-control-allow-headers", "Authorization, *"),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-origin", "*"),
            ("access-control-max-age", "600"),
        ]);
        assert_eq!(told, (204, expected), "{path}");
    }
}

#[actix_web::test]
async fn an_open_dialect_tells_listed_origins_alone() {
    let get = || TestRequest::get().uri("/there");
    let exposed = ("access-control-expose-headers", "ETag");
    for (request, origin) in [
        (from(get(), "https://a.example"), Some("https://a.example")),
        (from(get(), "https://b.example"), None),
        (get(), None),
    ] {
        let told = ask(OPEN, &["https://a.example"], request).await;
        let mut expected = headers(&[exposed, ("vary", "Origin")]);
        if let Some(origin) = origin {
            expected.extend(headers(&[("access-control-allow-origin", origin)]));
            expected.sort();
        }
        assert_eq!(told, (200, expected));
    }
}

#[actix_web::test]
async fn an_exception_has_the_methods_of_the_resource() {
    for origins in [&["*"][..], &["https://a.example"]] {
        let told = ask(
            CorsStyle::OptIn,
            origins,
            preflight("/there", "https://a.example"),
        )
        .await;
        let expected = headers(&[
            ("access-control-allow-headers", "x-a,x-b"),
            ("access-control-allow-methods", "GET"),
            ("access-control-allow-origin", "https://a.example"),
            ("vary", "Origin"),
        ]);
        assert_eq!(told, (200, expected));
    }
    let told = ask(
        CorsStyle::OptIn,
        &["*"],
        preflight("/nowhere", "https://a.example"),
    )
    .await;
    assert_eq!(told.0, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn without_an_exception_there_is_no_cors() {
    for origins in [&[][..], &["https://a.example"]] {
        let told = ask(
            CorsStyle::OptIn,
            origins,
            preflight("/there", "https://b.example"),
        )
        .await;
        assert_eq!(told, (405, Vec::new()));
        let get = from(TestRequest::get().uri("/there"), "https://b.example");
        assert_eq!(ask(CorsStyle::OptIn, origins, get).await, (200, Vec::new()));
    }
}
