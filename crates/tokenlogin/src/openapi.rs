//! The OpenAPI document of the routes. Statuses and media types of errors are taken from `error.rs`.

use isogloss_core::AuthError;
use isogloss_dialect::openapi::{overloaded, responses_by_status_with, throttled, unavailable};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AnyOf, AnyOfBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, OpenApi as _, ToSchema};

use crate::error::{self, Error};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "TokenLogin",
        description = "The login dialect of 4Dxos. Letter case matters neither in paths nor in names. With `suppressResponseCodes` every outcome has status 200; with `fields` an answer has those members only."
    ),
    components(schemas(
        AuthenticationInfo,
        TokenAuthentication,
        PasswordResetRequest,
        PasswordResetInformation,
        LoginData,
        User,
        Company,
        Nothing,
        error::HttpError
    ))
)]
struct ApiDoc;

/// What every call may carry.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
struct Query {
    /// Status 200 whatever the outcome: `true`, `1`, `false`, `0`, or empty.
    #[param(rename = "suppressResponseCodes", nullable = false)]
    suppress_response_codes: Option<bool>,
    /// Show these members only, with commas between them.
    #[param(nullable = false)]
    fields: Option<String>,
}

#[derive(ToSchema)]
#[schema(example = json!({"userName": "sample", "password": "sample-demo", "deviceName": "tablet", "generateReAuthenticationToken": true}))]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read member by member")]
struct AuthenticationInfo {
    user_name: String,
    password: String,
    /// Mandatory with `generateReAuthenticationToken`.
    #[schema(nullable = false)]
    device_name: Option<String>,
    #[schema(nullable = false)]
    generate_re_authentication_token: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read member by member")]
struct TokenAuthentication {
    re_authentication_token: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is read member by member")]
struct PasswordResetRequest {
    login_name: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is read member by member")]
struct PasswordResetInformation {
    reset_key: String,
    password: String,
}

/// Members that `fields` does not name are not there.
#[derive(ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
struct LoginData {
    #[schema(nullable = false)]
    authenticated: Option<bool>,
    #[schema(nullable = false)]
    re_authentication_token: Option<String>,
    /// Null where the login was refused.
    me: Option<CurrentUser>,
    #[schema(nullable = false)]
    session_token: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
struct CurrentUser {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "FirstName")]
    first_name: String,
    #[serde(rename = "LastName")]
    last_name: String,
    #[serde(rename = "ImageURL")]
    image_url: String,
}

/// Members that `fields` does not name are not there.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
struct User {
    #[serde(rename = "UserID")]
    #[schema(nullable = false)]
    id: Option<String>,
    #[serde(rename = "FirstName")]
    #[schema(nullable = false)]
    first_name: Option<String>,
    #[serde(rename = "LastName")]
    #[schema(nullable = false)]
    last_name: Option<String>,
    #[serde(rename = "ImageURL")]
    #[schema(nullable = false)]
    image_url: Option<String>,
    #[serde(rename = "loginName")]
    #[schema(nullable = false)]
    login_name: Option<String>,
    #[serde(rename = "ImageSettings")]
    #[schema(nullable = false)]
    image_settings: Option<String>,
    #[serde(rename = "IsDeleted")]
    #[schema(nullable = false)]
    is_deleted: Option<bool>,
}

/// Members that `fields` does not name are not there.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
struct Company {
    #[serde(rename = "Name")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(rename = "ImageURL")]
    #[schema(nullable = false)]
    image_url: Option<String>,
    #[serde(rename = "SecuritySettings")]
    #[schema(nullable = false)]
    security_settings: Option<SecuritySettings>,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
struct SecuritySettings {
    password_min_length: u32,
    password_duration: u32,
    password_special_characters: u32,
    password_must_have_mixed_case: bool,
    password_must_have_numeric: bool,
    number_of_passwords_before_reuse: u32,
}

/// An empty object.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Returns the document of the routes, with paths relative to the mount path.
pub(crate) fn openapi() -> OpenApi {
    let mut document = ApiDoc::openapi();
    let components = document.components.get_or_insert_default();
    for name in ["APIKey", "APIToken"] {
        let key = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new(name)));
        components.add_security_scheme(name, key);
    }
    document.paths = paths();
    document
}

/// How much a call has to show.
#[derive(Clone, Copy)]
enum Credential {
    Key,
    Session,
}

fn paths() -> Paths {
    use HttpMethod::{Get, Post};

    let login_errors = || {
        vec![
            AuthError::InvalidCredentials.into(),
            throttled().into(),
            overloaded().into(),
        ]
    };
    let mut paths = Paths::new();
    let mut add = |path: &str, method, operation: OperationBuilder| {
        paths.add_path_operation(path, vec![method], operation.build());
    };
    let at = |action: &str| format!("/Authentication/{action}");
    let login = operation("logIn", Credential::Key, Some("LoginData"), login_errors());
    add(&at("Login"), Post, with_body(login, "AuthenticationInfo"));
    let login = operation(
        "tokenLogin",
        Credential::Key,
        Some("LoginData"),
        vec![AuthError::InvalidToken.into()],
    );
    add(
        &at("TokenLogin"),
        Post,
        with_body(login, "TokenAuthentication"),
    );
    add(
        &at("Logout"),
        Post,
        operation("logOut", Credential::Session, Some("Nothing"), vec![]),
    );
    let request = operation("requestPasswordReset", Credential::Key, None, vec![]);
    add(
        &at("RequestPasswordReset"),
        Post,
        with_body(request, "PasswordResetRequest"),
    );
    let finish = operation(
        "finishPasswordReset",
        Credential::Key,
        Some("LoginData"),
        login_errors(),
    );
    add(
        &at("FinishPasswordReset"),
        Post,
        with_body(finish, "PasswordResetInformation"),
    );
    add(
        "/Users/Me",
        Get,
        operation("me", Credential::Session, Some("User"), vec![]),
    );
    add(
        "/Company",
        Get,
        operation("company", Credential::Session, Some("Company"), vec![]),
    );
    paths
}

fn operation(
    id: &str,
    credential: Credential,
    answer: Option<&str>,
    mut errors: Vec<Error>,
) -> OperationBuilder {
    errors.extend([Error::SuppressResponseCodes, Error::ApiKey]);
    errors.push(unavailable().into());
    errors.extend([
        Error::TooLarge,
        Error::TimedOut,
        Error::Unreadable,
        Error::MediaType("…".to_owned()),
        Error::Model(Vec::new()),
    ]);
    let mut required = SecurityRequirement::new("APIKey", [""; 0]);
    if let Credential::Session = credential {
        errors.push(Error::Session);
        required = required.add("APIToken", [""; 0]);
    }
    let done = Response::builder().description("done; with `suppressResponseCodes`, any outcome");
    let done = match answer {
        // A refusal that is suppressed has its body here, too.
        None => done,
        Some(answer) => add_content(done, &[&[answer], &ERROR_SCHEMAS[..]].concat()),
    };
    OperationBuilder::new()
        .operation_id(Some(id))
        .parameters(Some(Query::into_params(|| Some(ParameterIn::Query))))
        .security(required)
        .responses(responses_by_status_with(errors, |response, _| {
            add_content(response, &ERROR_SCHEMAS)
        }))
        .response("200", done.build())
}

/// The same with a body.
fn with_body(operation: OperationBuilder, schema: &str) -> OperationBuilder {
    let mut body = RequestBody::builder().required(Some(Required::True));
    for media in [
        "application/json",
        "text/json",
        "application/x-www-form-urlencoded",
    ] {
        body = body.content(media, Content::new(Some(Ref::from_schema_name(schema))));
    }
    operation.request_body(Some(body.build()))
}

/// Either body that a refusal can have.
const ERROR_SCHEMAS: [&str; 2] = ["LoginData", "HttpError"];

/// One of these, in whichever of the two types was asked for.
fn add_content(mut response: ResponseBuilder, schemas: &[&str]) -> ResponseBuilder {
    for media in ["application/json", "text/json"] {
        let refs = schemas.iter().map(|name| Ref::from_schema_name(*name));
        let any = refs.fold(AnyOf::builder(), AnyOfBuilder::item);
        response = response.content(media, Content::new(Some(Schema::AnyOf(any.build()))));
    }
    response
}
