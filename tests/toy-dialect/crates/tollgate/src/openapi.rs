//! The OpenAPI document of the routes. Statuses of errors are taken from `error.rs`.

use isogloss_core::{AuthError, RefusalCause};
use isogloss_dialect::openapi::{overloaded, responses_by_status, throttled, unavailable};
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, Required, Response};
use utoipa::{OpenApi as _, ToSchema};

use crate::error::Error;
use crate::wire::{EnterResponse, WhoResponse};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Tollgate", description = "An example of a login dialect."),
    components(schemas(Enter, EnterResponse, WhoResponse, Refusal))
)]
struct ApiDoc;

#[derive(ToSchema)]
#[schema(example = json!({"name": "sample", "password": "sample-demo"}))]
#[expect(dead_code, reason = "it is read member by member")]
struct Enter {
    name: String,
    password: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct Refusal {
    gate: String,
    why: String,
}

/// Returns the document of the routes, with paths relative to the mount path.
pub(crate) fn openapi() -> OpenApi {
    let mut document = ApiDoc::openapi();
    let pass = ApiKeyValue::with_description("Authorization", "Tollgate <pass>");
    let pass = SecurityScheme::ApiKey(ApiKey::Header(pass));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("pass", pass);
    document.paths = paths();
    document
}

/// Returns the operations of all paths.
fn paths() -> Paths {
    use HttpMethod::{Get, Post};

    let login_errors = [
        Error::Malformed,
        Error::TooLarge,
        Error::TimedOut,
        Error::MediaType,
        AuthError::InvalidCredentials(RefusalCause::WrongPassword).into(),
        AuthError::AccountDisabled(RefusalCause::Disabled).into(),
        AuthError::SecondFactorRequired(RefusalCause::CodeMissing).into(),
        throttled().into(),
        overloaded().into(),
        unavailable().into(),
    ];
    let token_errors = || {
        [
            AuthError::InvalidToken(RefusalCause::NoToken).into(),
            unavailable().into(),
        ]
    };
    let pass = || SecurityRequirement::new("pass", [""; 0]);
    let body = RequestBody::builder()
        .required(Some(Required::True))
        .content("application/json", json_content("Enter"));
    let enter = operation("enter", login_errors)
        .request_body(Some(body.build()))
        .response("200", json_response("EnterResponse"));
    let who = operation("who", token_errors()).response("200", json_response("WhoResponse"));
    let gone = Response::builder().description("the pass opens nothing any more");
    let leave = operation("leave", token_errors()).response("204", gone);
    let mut paths = Paths::new();
    paths.add_path_operation("/enter", vec![Post], enter.build());
    paths.add_path_operation("/who", vec![Get], who.security(pass()).build());
    paths.add_path_operation("/leave", vec![Post], leave.security(pass()).build());
    paths
}

/// Returns an operation with its error responses.
fn operation(id: &str, errors: impl IntoIterator<Item = Error>) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .responses(responses_by_status(errors, "Refusal"))
}

/// Returns a response with a JSON body of this schema.
fn json_response(schema: &str) -> Response {
    let response = Response::builder().description("done");
    response
        .content("application/json", json_content(schema))
        .build()
}

/// Returns JSON content of this schema.
fn json_content(schema: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(schema)))
}
