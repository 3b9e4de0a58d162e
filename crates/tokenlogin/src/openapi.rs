//! The OpenAPI document of the routes. Statuses and media types of errors are taken from `error.rs`.

mod schemas;

use isogloss_core::{AuthError, RefusalCause};
use isogloss_dialect::openapi::{overloaded, responses_by_status_with, throttled, unavailable};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AnyOf, AnyOfBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, Required, Response, ResponseBuilder};
use utoipa::{IntoParams as _, OpenApi as _};

use self::schemas::{
    AuthenticationInfo, Company, LoginData, Nothing, PasswordResetInformation,
    PasswordResetRequest, Query, TokenAuthentication, User,
};
use crate::error::{self, Error};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "TokenLogin",
        description = "The login dialect of 4Dxos. Letter case matters neither in paths nor in names. With `suppressResponseCodes` every outcome has status 200; with `fields` a response has only those members."
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

/// The credentials that an operation needs.
#[derive(Clone, Copy)]
enum Credential {
    Key,
    Session,
}

/// Returns the operations of all paths.
fn paths() -> Paths {
    use HttpMethod::{Get, Post};

    let login_errors = || {
        vec![
            AuthError::InvalidCredentials(RefusalCause::WrongPassword).into(),
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
        vec![AuthError::InvalidToken(RefusalCause::NoToken).into()],
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

/// Returns an operation with the 200 response of this schema, or without a body, and with a response for each error.
/// The errors of every request of the dialect are added.
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

/// Adds a mandatory request body of this schema, in each of the three media types.
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

/// Adds a body of any of these schemas, in both JSON media types.
fn add_content(mut response: ResponseBuilder, schemas: &[&str]) -> ResponseBuilder {
    for media in ["application/json", "text/json"] {
        let refs = schemas.iter().map(|name| Ref::from_schema_name(*name));
        let any = refs.fold(AnyOf::builder(), AnyOfBuilder::item);
        response = response.content(media, Content::new(Some(Schema::AnyOf(any.build()))));
    }
    response
}
