//! What a dialect changes of its back end's responses: CORS, and the status for some clients of TokenLogin.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use actix_web::test::TestRequest;
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_dialect::Dialect;
use isogloss_dialect::back_end::{BackEndError, TokenPolicy};
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;
use serde_json::{Value, json};

use super::fixture::{Reply, World};
use super::places::get;
use super::stub_back_end::StubBackEnd;

type Response = fn() -> Result<HttpResponse, BackEndError>;

const PAGE: &str = "https://page.example";
const ANOTHER_PAGE: &str = "https://another.example";

/// Headers of the back end that no dialect changes.
const OTHER_HEADERS: [(&str, &str); 6] = [
    ("cache-control", "public, max-age=60"),
    ("content-type", "application/pdf"),
    ("referrer-policy", "origin"),
    ("x-frame-options", "SAMEORIGIN"),
    ("etag", "\"1\""),
    ("www-authenticate", "Negotiate"),
];

fn respond(status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    for header in OTHER_HEADERS {
        response.insert_header(header);
    }
    response
        .insert_header(("access-control-allow-origin", "https://its.own"))
        .insert_header(("access-control-allow-credentials", "true"))
        .insert_header(("access-control-expose-headers", "X-Own"))
        .insert_header(("vary", "Accept"))
        .body("of the back end")
}

async fn call<D: Dialect>(settings: Value, response: Response, request: TestRequest) -> Reply {
    let world = World::new().await;
    let settings = serde_json::from_value(settings).unwrap();
    let back_end = StubBackEnd {
        policy: TokenPolicy::Public,
        response,
        ..StubBackEnd::default()
    };
    let request = request.to_request();
    world.call_with::<D>(&settings, &back_end, request).await
}

async fn from<D: Dialect>(settings: Value, origin: &str) -> Reply {
    let request = get("x").insert_header((ORIGIN, origin));
    let reply = call::<D>(settings, || Ok(respond(StatusCode::CONFLICT)), request).await;
    assert_eq!(reply.status, 409);
    assert_eq!(reply.body, "of the back end");
    for (name, value) in OTHER_HEADERS {
        assert_eq!(reply.header(name), [value]);
    }
    reply
}

/// Returns the values of `Access-Control-Allow-Origin`, `-Allow-Credentials` and `-Expose-Headers`, and of `Vary`.
fn cors_headers(reply: &Reply) -> [String; 4] {
    [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
        "vary",
    ]
    .map(|name| reply.header(name).join(", "))
}

#[actix_web::test]
async fn relayed_responses_have_the_cors_headers_of_the_dialect_and_are_otherwise_unchanged() {
    let bimplus = "X-Own, ETag, X-Total-Count";
    let reply = from::<Bimplus>(json!({}), PAGE).await;
    assert_eq!(cors_headers(&reply), ["*", "", bimplus, "Accept"]);
    let reply = from::<Memsource>(json!({}), PAGE).await;
    assert_eq!(cors_headers(&reply), ["*", "", "X-Own", "Accept"]);
    let listed = || json!({"cors_origins": [PAGE]});
    for (reply, exposed) in [
        (from::<Bimplus>(listed(), PAGE).await, bimplus),
        (from::<Memsource>(listed(), PAGE).await, "X-Own"),
        (from::<TokenLogin>(listed(), PAGE).await, "X-Own"),
        (from::<Crmcom>(listed(), PAGE).await, "X-Own"),
    ] {
        assert_eq!(cors_headers(&reply), [PAGE, "", exposed, "Accept, Origin"]);
    }
    for reply in [
        from::<Bimplus>(listed(), ANOTHER_PAGE).await,
        from::<TokenLogin>(listed(), ANOTHER_PAGE).await,
        from::<Crmcom>(listed(), ANOTHER_PAGE).await,
    ] {
        let [origin, credentials, ..] = cors_headers(&reply);
        assert_eq!((origin.as_str(), credentials.as_str()), ("", ""));
    }
}

#[actix_web::test]
async fn without_an_allowed_origin_cors_is_left_to_the_back_end() {
    let expected = ["https://its.own", "true", "X-Own", "Accept"];
    let reply = from::<TokenLogin>(json!({}), PAGE).await;
    assert_eq!(cors_headers(&reply), expected);
    let reply = from::<Crmcom>(json!({}), PAGE).await;
    assert_eq!(cors_headers(&reply), expected);
}

fn preflight(origin: &str) -> TestRequest {
    get("of/the/back-end")
        .method(Method::OPTIONS)
        .insert_header((ORIGIN, origin))
        .insert_header((ACCESS_CONTROL_REQUEST_METHOD, "PATCH"))
        .insert_header((ACCESS_CONTROL_REQUEST_HEADERS, "x-a"))
}

async fn allows_every_method<D: Dialect>(settings: Value, status: u16) {
    // A call that reaches the back end has another status.
    let response = || Ok(respond(StatusCode::IM_A_TEAPOT));
    let reply = call::<D>(settings, response, preflight(PAGE)).await;
    assert_eq!(reply.status, status, "{}", D::NAME);
    let methods = reply.header("access-control-allow-methods");
    assert_eq!(methods, ["DELETE, GET, HEAD, PATCH, POST, PUT"]);
    assert_eq!(reply.header("access-control-allow-origin").len(), 1);
}

#[actix_web::test]
async fn the_dialect_answers_preflights_of_paths_that_only_the_back_end_has() {
    allows_every_method::<Bimplus>(json!({}), 204).await;
    allows_every_method::<Memsource>(json!({}), 204).await;
    allows_every_method::<TokenLogin>(json!({"cors_origins": [PAGE]}), 200).await;
    allows_every_method::<Crmcom>(json!({"cors_origins": ["*"]}), 200).await;
}

#[actix_web::test]
async fn preflights_of_other_pages_are_calls_without_a_token() {
    let world = World::new().await;
    let settings = serde_json::from_value(json!({"cors_origins": [PAGE]})).unwrap();
    let (back_end, request) = (StubBackEnd::default(), preflight(ANOTHER_PAGE).to_request());
    let reply = world
        .call_with::<TokenLogin>(&settings, &back_end, request)
        .await;
    assert_eq!((reply.status, back_end.take_received().len()), (401, 0));
    assert_eq!(reply.header("access-control-allow-origin"), [""; 0]);
}

#[actix_web::test]
async fn tokenlogin_suppresses_the_status_of_relayed_responses() {
    const RESPONSES: [(Response, u16); 6] = [
        (|| Ok(respond(StatusCode::CREATED)), 200),
        (|| Ok(respond(StatusCode::CONFLICT)), 200),
        (|| Ok(respond(StatusCode::BAD_GATEWAY)), 200),
        // What these say of the message would be lost.
        (|| Ok(respond(StatusCode::SWITCHING_PROTOCOLS)), 101),
        (|| Ok(respond(StatusCode::PARTIAL_CONTENT)), 206),
        (|| Ok(respond(StatusCode::NOT_MODIFIED)), 304),
    ];
    for (response, status) in RESPONSES {
        let request = get("Goals?suppressResponseCodes=true");
        let reply = call::<TokenLogin>(json!({}), response, request).await;
        assert_eq!(reply.status, status);
        for (name, value) in OTHER_HEADERS {
            assert_eq!(reply.header(name), [value], "{status}");
        }
        let request = get("Goals?suppressResponseCodes=false");
        let unchanged = response().unwrap().status().as_u16();
        let reply = call::<TokenLogin>(json!({}), response, request).await;
        assert_eq!(reply.status, unchanged);
    }
}
