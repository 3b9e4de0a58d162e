//! The OpenAPI document of the routes. Statuses and media types of errors are taken from `error.rs`.

use isogloss_core::{AuthError, RefusalCause};
use isogloss_dialect::openapi::{overloaded, responses_by_status, throttled, unavailable};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, RefOr, Required, Response};
use utoipa::{OpenApi as _, ToSchema};

use crate::configurations::{Configurations, Environment, MEMBERS};
use crate::error::{self, Error};
use crate::profile::Profile;
use crate::teams::Team;
use crate::wire::{CrossTokenResponse, TokenInformation};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "BIMplus v2",
        description = "The login dialect of BIMplus. Bodies are read as Newtonsoft reads JSON: names in any case, trailing commas, comments, numbers for strings. A preflight of a browser (OPTIONS) gets status 204 at any path."
    ),
    components(schemas(
        Authorize, CrossAuthorize, PasswordResetRequest, LoginResponse, TokenInformation, CrossTokenResponse, Profile, Team,
        Hello, Configurations, Environment, Nothing, error::ErrorBody<'static>
    ))
)]
struct ApiDoc;

/// `user_id` with `password`, or `remember_me_token` with `client_id`.
#[derive(ToSchema)]
#[schema(example = json!({"user_id": "sample", "password": "sample-demo", "remember_me": true}))]
#[expect(dead_code, reason = "it is read member by member")]
struct Authorize {
    /// User name or e-mail address.
    user_id: Option<String>,
    password: Option<String>,
    /// Whether the response contains a remember-me token.
    remember_me: Option<bool>,
    /// Replaces user name and password.
    remember_me_token: Option<String>,
    /// The device: up to 128 printable characters. The zero GUID counts as none.
    client_id: Option<String>,
    application_id: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read member by member")]
struct CrossAuthorize {
    cross_token: String,
    client_id: Option<String>,
    application_id: Option<String>,
    team_id: Option<String>,
    project_id: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = Forgotten)]
#[expect(dead_code, reason = "it is read member by member")]
struct PasswordResetRequest {
    /// User name or e-mail address.
    user_id: String,
    /// Makes the e-mail an invitation.
    creator_user_id: Option<String>,
}

/// The members for remember-me are only there after a login with `remember_me`.
#[derive(ToSchema)]
#[schema(as = LoginAnswer)]
#[expect(dead_code, reason = "two types write it")]
struct LoginResponse {
    access_token: String,
    expires_in: i64,
    #[schema(nullable = false)]
    application_id: Option<String>,
    client_id: String,
    #[schema(nullable = false)]
    remember_me: Option<bool>,
    #[schema(nullable = false)]
    remember_me_token: Option<String>,
    #[schema(nullable = false)]
    remember_me_expires_in: Option<i64>,
    token_type: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "written in place")]
#[serde(rename_all = "camelCase")]
struct Hello {
    message: String,
    #[serde(rename = "hello_param")]
    parameter: String,
    server: String,
    environment: String,
    iis_running: bool,
}

/// An empty object.
#[derive(ToSchema)]
struct Nothing {}

/// Returns the document of the routes, with paths relative to the mount path.
pub(crate) fn openapi() -> OpenApi {
    let mut document = ApiDoc::openapi();
    let token = ApiKey::Header(ApiKeyValue::with_description(
        "Authorization",
        "BimPlus <token>",
    ));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::ApiKey(token));
    document.paths = paths();
    document
}

/// Returns the operations of all paths.
fn paths() -> Paths {
    use HttpMethod::{Delete, Get, Post};

    let body = || {
        [
            Error::Malformed,
            Error::Missing("…"),
            Error::Invalid("…"),
            Error::TooLarge,
            Error::TimedOut,
            Error::MediaType,
            unavailable().into(),
        ]
    };
    let mut paths = Paths::new();
    let mut add = |path: &str, method, operation: OperationBuilder| {
        let operation: Operation = operation.build();
        paths.add_path_operation(path, vec![method], operation);
    };
    let logins = body().into_iter().chain([
        Error::InvalidGrant,
        Error::UnknownApplication,
        AuthError::InvalidCredentials(RefusalCause::WrongPassword).into(),
        AuthError::AccountDisabled(RefusalCause::Disabled).into(),
        AuthError::SecondFactorRequired(RefusalCause::CodeMissing).into(),
        throttled().into(),
        overloaded().into(),
    ]);
    add(
        "/authorize",
        Post,
        operation("logIn", "LoginAnswer", logins).request_body(Some(json_body("Authorize"))),
    );
    add(
        "/authorize",
        Get,
        authenticated_operation("tokenInformation", "TokenInformation", token_errors()),
    );
    add(
        "/authorize",
        Delete,
        authenticated_operation("logOut", "Nothing", token_errors()),
    );
    let in_query = Parameter::builder()
        .name("access_token")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("Or `api-token`, or the header."))
        .schema(Some(string_schema()));
    let oldest = operation(
        "tokenInformationOfQuery",
        "TokenInformation",
        token_errors(),
    );
    add("/tokeninfo", Get, oldest.parameter(in_query));
    let too_long_ago = [AuthError::Forbidden(RefusalCause::LoginTooOld).into()];
    let handing_over = token_errors().into_iter().chain(too_long_ago);
    add(
        "/cross-token",
        Post,
        authenticated_operation("crossToken", "CrossAnswer", handing_over),
    );
    let crossing = body().into_iter().chain([
        Error::InvalidGrant,
        Error::UnknownApplication,
        AuthError::AccountDisabled(RefusalCause::Disabled).into(),
    ]);
    add(
        "/cross-authorize",
        Post,
        operation("logInByCrossToken", "LoginAnswer", crossing)
            .request_body(Some(json_body("CrossAuthorize"))),
    );
    add(
        "/auth-forgot",
        Post,
        operation("forgotPassword", "Nothing", body()).request_body(Some(json_body("Forgotten"))),
    );
    add(
        "/user",
        Get,
        authenticated_operation("user", "Profile", token_errors()),
    );
    let teams = authenticated_operation("teams", "Team", token_errors());
    let list = utoipa::schema!(#[inline] Vec<Team>).build();
    add("/teams", Get, teams.response("200", json_response(list)));
    add("/hello", Get, operation("hello", "Hello", []));
    let all = operation("configurations", "Configurations", []);
    add("/configurations", Get, all);
    for (name, _) in MEMBERS {
        let member = ObjectBuilder::new()
            .property(name, string_schema())
            .required(name);
        let alone = operation(&format!("configurations{name}"), "Configurations", []);
        let alone = alone.response("200", json_response(Schema::from(member.build())));
        add(&format!("/configurations/{name}"), Get, alone);
    }
    paths
}

/// Returns the errors of operations that need a token.
fn token_errors() -> [Error; 2] {
    [
        AuthError::InvalidToken(RefusalCause::NoToken).into(),
        unavailable().into(),
    ]
}

/// Returns an operation with a 200 response of this schema and a response for each error.
fn operation(id: &str, schema: &str, errors: impl IntoIterator<Item = Error>) -> OperationBuilder {
    let responses = responses_by_status(errors, "Refusal");
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .responses(responses);
    operation.response("200", json_response(Ref::from_schema_name(schema)))
}

/// Returns an operation that needs an access token, with a 200 response of this schema and a response for each error.
fn authenticated_operation(
    id: &str,
    schema: &str,
    errors: impl IntoIterator<Item = Error>,
) -> OperationBuilder {
    let token = SecurityRequirement::new("token", [""; 0]);
    operation(id, schema, errors).security(token)
}

/// Returns a response with a JSON body of this schema.
fn json_response(schema: impl Into<RefOr<Schema>>) -> Response {
    let content = Content::new(Some(schema));
    Response::builder()
        .description("done")
        .content("application/json", content)
        .build()
}

/// Returns a mandatory JSON request body of this schema.
fn json_body(schema: &str) -> RequestBody {
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    let body = RequestBody::builder().required(Some(Required::True));
    body.content("application/json", content).build()
}

fn string_schema() -> RefOr<Schema> {
    <String as utoipa::PartialSchema>::schema()
}
