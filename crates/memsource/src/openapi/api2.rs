//! The routes of `api2`.

use isogloss_dialect::openapi::responses_by_status;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Paths, Ref, Required, Response};

use super::{body_errors, impersonation_errors, login_errors, ok_response, token_errors};
use crate::api2;
use crate::error::Error;

/// Adds the routes of `api2`.
pub(super) fn add(paths: &mut Paths) {
    let json = |schema: &str| {
        let content = Content::new(Some(Ref::from_schema_name(schema)));
        RequestBody::builder()
            .required(Some(Required::True))
            .content("application/json", content)
            .build()
    };
    let operation = |id: String, errors: Vec<Error>| {
        let errors = errors.into_iter().map(api2::Api2Error::from);
        OperationBuilder::new()
            .operation_id(Some(id))
            .responses(responses_by_status(errors, "Refusal"))
    };
    let header = || SecurityRequirement::new("header", [""; 0]);
    let query = || SecurityRequirement::new("query", [""; 0]);
    for version in ["v1", "v3"] {
        let at = |action: &str| format!("/api2/{version}/auth/{action}");
        let mut errors = login_errors();
        errors.extend(body_errors());
        let login = operation(format!("api2{version}LogIn"), errors)
            .request_body(Some(json("LoginBody")))
            .response("200", ok_response(Some("Api2LoginAnswer")));
        paths.add_path_operation(at("login"), vec![HttpMethod::Post], login.build());
        let mut errors = login_errors();
        errors.extend(body_errors());
        let session = operation(format!("api2{version}LogInToSession"), errors)
            .request_body(Some(json("SessionBody")))
            .response("200", response_with_cookie("Api2SessionAnswer"));
        let path = at("loginToSession");
        paths.add_path_operation(path, vec![HttpMethod::Post], session.build());
        let mut errors = impersonation_errors();
        errors.extend(body_errors());
        let other = operation(format!("api2{version}LogInOther"), errors)
            .request_body(Some(json("LoginOtherBody")))
            .response("200", ok_response(Some("Api2LoginAnswer")))
            .security(header())
            .security(query());
        paths.add_path_operation(at("loginOther"), vec![HttpMethod::Post], other.build());
    }
    let logout = operation("api2LogOut".to_owned(), token_errors())
        .response("204", ok_response(None))
        .security(header())
        .security(query());
    paths.add_path_operation(
        "/api2/v1/auth/logout",
        vec![HttpMethod::Post],
        logout.build(),
    );
    let who = operation("api2WhoAmI".to_owned(), token_errors())
        .response("200", ok_response(Some("Api2WhoAmIAnswer")))
        .security(header())
        .security(query());
    paths.add_path_operation("/api2/v1/auth/whoAmI", vec![HttpMethod::Get], who.build());
}

/// Returns a response that sets a cookie, with a JSON body of this schema.
fn response_with_cookie(schema: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    let response = Response::builder().description("done, with a cookie");
    let response = response.header("Set-Cookie", Header::default());
    response.content("application/json", content).build()
}
