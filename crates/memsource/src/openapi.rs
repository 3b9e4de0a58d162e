//! The OpenAPI document of the routes. Statuses and media types of errors are taken from `error.rs`.

mod api2;
mod schemas;

use isogloss_core::{AuthError, RefusalCause};
use isogloss_dialect::openapi::{overloaded, responses_by_status, throttled, unavailable};
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, Response, Responses};
use utoipa::{IntoParams, OpenApi as _};

use self::schemas::{
    Bearer, ByToken, Login, LoginBody, LoginOther, LoginOtherBody, SessionBody, WhoAmI,
};
use crate::error::{self, Error, HtmlError};
use crate::wire::LoginResponse;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Memsource authentication v3 and api2",
        description = "The login dialect of Memsource. Routes of the old API take parameters from the query and from a body of any of three types; a parameter that is in both must have the same value."
    ),
    components(schemas(
        Login, LoginOther, Bearer, LoginResponse<'static>, WhoAmI,
        LoginBody, SessionBody, LoginOtherBody, crate::api2::LoginResponse<'static>,
        crate::api2::SessionResponse<'static>, crate::api2::WhoAmIResponse<'static>,
        error::ErrorBody<'static>
    ))
)]
struct ApiDoc;

/// Returns the document of the routes, with paths relative to the mount path.
pub(crate) fn openapi() -> OpenApi {
    let mut document = ApiDoc::openapi();
    let components = document.components.get_or_insert_default();
    let header =
        ApiKeyValue::with_description("Authorization", "ApiToken <token>, or Bearer <token>");
    let header = SecurityScheme::ApiKey(ApiKey::Header(header));
    components.add_security_scheme("header", header);
    let query = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("token")));
    components.add_security_scheme("query", query);
    document.paths = paths();
    document
}

/// Returns the operations of all paths.
fn paths() -> Paths {
    let mut paths = Paths::new();
    for (version, id) in [("v2", "logInV2"), ("v3", "logIn")] {
        let path = format!("/api/{version}/auth/login");
        add_old_api_route(
            &mut paths,
            &path,
            (id, "Login", Some("LoginAnswer")),
            &query_parameters::<Login>(),
            login_errors,
        );
    }
    let at = |action: &str| format!("/api/v3/auth/{action}");
    let shape = ("logInOther", "LoginOther", Some("LoginAnswer"));
    add_old_api_route(
        &mut paths,
        &at("loginOther"),
        shape,
        &query_parameters::<LoginOther>(),
        impersonation_errors,
    );
    let shape = ("logOut", "Bearer", None);
    add_old_api_route(
        &mut paths,
        &at("logout"),
        shape,
        &query_parameters::<Bearer>(),
        token_errors,
    );
    let shape = ("whoAmI", "Bearer", Some("WhoAmIAnswer"));
    add_old_api_route(
        &mut paths,
        &at("whoAmI"),
        shape,
        &query_parameters::<Bearer>(),
        token_errors,
    );
    let by_token = OperationBuilder::new()
        .operation_id(Some("authByToken"))
        .parameters(Some(query_parameters::<ByToken>()))
        .responses(page_responses())
        .response(
            "302",
            Response::builder()
                .description("to `url`, with a cookie")
                .header("Location", Header::default()),
        );
    paths.add_path_operation(
        "/login/authByToken",
        vec![HttpMethod::Get],
        by_token.build(),
    );
    api2::add(&mut paths);
    paths
}

/// Returns the fields of a struct as query parameters.
fn query_parameters<P: IntoParams>() -> Vec<Parameter> {
    P::into_params(|| Some(ParameterIn::Query))
}

/// Adds a route of the old API, for GET and POST. The tuple is the operation id, the schema of the parameters, and the
/// schema of the response, if it has a body.
fn add_old_api_route(
    paths: &mut Paths,
    path: &str,
    (id, parameters, schema): (&str, &str, Option<&str>),
    query: &[Parameter],
    errors: fn() -> Vec<Error>,
) {
    let mut body = RequestBody::builder();
    for media in [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json",
    ] {
        body = body.content(media, Content::new(Some(Ref::from_schema_name(parameters))));
    }
    let with_body = || {
        let mut errors = errors();
        errors.extend(body_errors());
        errors.push(Error::ConflictingParameters);
        errors
    };
    let operation = |id: String| {
        OperationBuilder::new()
            .operation_id(Some(id))
            .parameters(Some(query.to_vec()))
            .responses(responses_by_status(with_body(), "Refusal"))
            .response("200", ok_response(schema))
    };
    let get = operation(format!("{id}ByGet")).build();
    paths.add_path_operation(path, vec![HttpMethod::Get], get);
    let post = operation(id.to_owned())
        .request_body(Some(body.build()))
        .build();
    paths.add_path_operation(path, vec![HttpMethod::Post], post);
}

/// Returns the errors for a body that cannot be read.
fn body_errors() -> Vec<Error> {
    vec![
        Error::Malformed,
        Error::TooLarge,
        Error::TimedOut,
        Error::MediaType,
    ]
}

/// Returns the errors of a login with a password.
fn login_errors() -> Vec<Error> {
    vec![
        Error::Missing("…"),
        AuthError::InvalidCredentials(RefusalCause::WrongPassword).into(),
        AuthError::AccountDisabled(RefusalCause::Disabled).into(),
        AuthError::SecondFactorRequired(RefusalCause::CodeMissing).into(),
        throttled().into(),
        overloaded().into(),
        unavailable().into(),
    ]
}

/// Returns the errors of `loginOther`.
fn impersonation_errors() -> Vec<Error> {
    let mut errors = token_errors();
    errors.extend([
        Error::Missing("…"),
        Error::UnknownUser,
        AuthError::Forbidden(RefusalCause::NotAdministrator).into(),
        AuthError::AccountDisabled(RefusalCause::Disabled).into(),
    ]);
    errors
}

/// Returns the errors of a request with a token, and the one for contradicting parameters.
fn token_errors() -> Vec<Error> {
    vec![
        Error::ConflictingParameters,
        AuthError::InvalidToken(RefusalCause::NoToken).into(),
        unavailable().into(),
    ]
}

/// Returns the error responses of `authByToken`, which are HTML pages.
fn page_responses() -> Responses {
    let mut errors = token_errors();
    errors.push(Error::Redirect);
    responses_by_status(errors.into_iter().map(HtmlError::from), "Refusal")
}

/// Returns a response with a JSON body of this schema, or without a body.
fn ok_response(schema: Option<&str>) -> Response {
    let response = Response::builder().description("done");
    match schema {
        None => response.build(),
        Some(schema) => {
            let content = Content::new(Some(Ref::from_schema_name(schema)));
            response.content("application/json", content).build()
        }
    }
}
