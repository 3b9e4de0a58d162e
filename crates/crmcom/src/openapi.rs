//! The OpenAPI document of the routes. Statuses and media types of errors are taken from `error.rs`.

use isogloss_core::{AuthError, RefusalCause};
use isogloss_dialect::openapi::{overloaded, responses_by_status, unavailable};
use utoipa::OpenApi as _;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, Required, Response};

use crate::error::Error;
use crate::wire::Envelope;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "CRM.COM authentication",
        description = "The login dialect of CRM.COM. Every outcome at these routes is HTTP 200 with an envelope, with the outcome in `status.code`, unless `strict_status` is set: then errors have the statuses that are listed here."
    ),
    components(schemas(TokenRequest, Release, KeyToken, Envelope<'static>))
)]
struct ApiDoc;

/// `username` and `password`, or `access_token_identifier`.
#[derive(ToSchema)]
#[schema(example = json!({"username": "mpadministrator", "password": "1234", "organisation": "CRMDEMO"}))]
#[expect(dead_code, reason = "it is read member by member")]
struct TokenRequest {
    username: Option<String>,
    password: Option<String>,
    access_token_identifier: Option<AccessTokenIdentifier>,
    organisation: String,
    /// A unit of the user; by default, the user's default unit.
    unit: Option<String>,
}

/// `authentication_code`, or `identifier` with `pass_code`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read member by member")]
struct AccessTokenIdentifier {
    authentication_code: Option<String>,
    identifier: Option<String>,
    pass_code: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read member by member")]
struct Release {
    token: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read member by member")]
struct KeyToken {
    unit: Option<String>,
}

/// Returns the document of the routes, with paths relative to the mount path.
pub(crate) fn openapi() -> OpenApi {
    let mut document = ApiDoc::openapi();
    let mut key = Http::new(HttpAuthScheme::Basic);
    key.description = Some("The web API key is the user name, the password is empty.".to_owned());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(key));
    document.paths = paths();
    document
}

/// Returns the operations of all paths.
fn paths() -> Paths {
    let body = || {
        [
            Error::Malformed,
            Error::Missing("…"),
            Error::Invalid("…"),
            Error::TooLarge,
            Error::TimedOut,
        ]
    };
    let issuing = || {
        body()
            .into_iter()
            .chain([Error::Unit, overloaded().into(), unavailable().into()])
    };
    let login = issuing().chain([
        Error::SemiOptional("one", "another"),
        AuthError::InvalidCredentials(RefusalCause::WrongPassword).into(),
        Error::Card(AuthError::InvalidCredentials(RefusalCause::WrongPassword)),
    ]);
    let release = body().into_iter().chain([
        AuthError::InvalidToken(RefusalCause::NoToken).into(),
        unavailable().into(),
    ]);
    let by_key = issuing().chain([Error::Key(AuthError::InvalidCredentials(
        RefusalCause::UnknownKey,
    ))]);
    let key = SecurityRequirement::new("key", [""; 0]);
    let mut paths = Paths::new();
    let mut add = |path: &str, operation: OperationBuilder| {
        paths.add_path_operation(path, vec![HttpMethod::Post], operation.build());
    };
    add(
        "/authentication/token",
        operation("logIn", login).request_body(Some(
            json_body("TokenRequest")
                .required(Some(Required::True))
                .build(),
        )),
    );
    add(
        "/authentication/token/release",
        operation("release", release).request_body(Some(
            json_body("Release").required(Some(Required::True)).build(),
        )),
    );
    add(
        "/authentication/web_api_key/token",
        operation("logInByKey", by_key)
            .request_body(Some(json_body("KeyToken").build()))
            .security(key),
    );
    paths
}

/// Returns an operation with the envelope as its 200 response and a response for each error.
fn operation(id: &str, errors: impl IntoIterator<Item = Error>) -> OperationBuilder {
    let content = Content::new(Some(Ref::from_schema_name("Envelope")));
    let response = Response::builder()
        .description("`status.code` is `OK`, or the reason for the error")
        .content("application/json", content);
    let operation = OperationBuilder::new().operation_id(Some(id));
    operation
        .responses(responses_by_status(errors, "Envelope"))
        .response("200", response)
}

/// Returns a builder for a JSON request body of this schema.
fn json_body(schema: &str) -> RequestBodyBuilder {
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    RequestBody::builder().content("application/json", content)
}
