//! The OpenAPI description of the routes for services and proxies.

use std::collections::BTreeMap;
use std::time::Duration;

use isogloss_core::Scope;
use isogloss_dialect::openapi::responses_by_status;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr, Required, Response};
use utoipa::{IntoResponses, OpenApi as _};

use super::oauth_error::AuthScheme;
use super::oauth_error::{self, OAuthError};
use super::{introspect, jwks, metadata, token_exchange};

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        introspect::introspect,
        token_exchange::exchange,
        jwks::keys,
        metadata::authorization_server,
        metadata::openid_provider,
        metadata::authorize
    ),
    components(schemas(oauth_error::OAuthErrorBody))
)]
struct Routes;

/// Returns this module's part of the OpenAPI document of the management listener.
pub(crate) fn document() -> OpenApi {
    let mut document = Routes::openapi();
    for (path, id, of) in [
        (
            "/forward-auth",
            "forwardAuth",
            "The dialect whose token the call carries checks it.",
        ),
        (
            "/forward-auth/{dialect}",
            "forwardAuthOfDialect",
            "This dialect checks the token.",
        ),
        (
            "/forward-auth/refusal/{dialect}",
            "forwardAuthRefusal",
            "This dialect checks the token.",
        ),
    ] {
        let operation = forward_auth(id, of, path.contains("{dialect}")).build();
        document
            .paths
            .add_path_operation(path, vec![HttpMethod::Get], operation);
    }
    document
}

/// Returns the description of a forward-auth route, which proxies call with any method.
fn forward_auth(id: &str, of: &str, has_dialect: bool) -> OperationBuilder {
    let response = |text: &str| Response::builder().description(text).build();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag("services")
        .summary(Some("Check a call for a proxy."))
        .description(Some(format!("The call is described in headers such as `X-Forwarded-Uri`; any method is accepted. {of} A refusal has the format of the dialect. Envoy uses paths below `/forward-auth/envoy/<dialect>/`.")))
        .response("200", response("the call is accepted; headers identify the user"))
        .response("4XX", response("the call is refused; the dialect's own refusal"))
        .response("503", response("a store is unreachable"));
    if has_dialect {
        let dialect = Parameter::builder()
            .name("dialect")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(<String as utoipa::PartialSchema>::schema()));
        operation = operation.parameter(dialect);
    }
    operation
}

impl IntoResponses for OAuthError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_by_status(
            [
                Self::InvalidClient(AuthScheme::Basic),
                Self::Throttled(Duration::from_secs(1)),
                Self::InsufficientScope(AuthScheme::Basic, Scope::TokensIntrospect),
                Self::InvalidRequest("the request is invalid".to_owned()),
                Self::UnsupportedGrantType("this grant type is not supported"),
                Self::InvalidTarget,
                Self::InvalidScope,
                Self::TooLarge,
                Self::TimedOut,
                Self::Unavailable("a store is unreachable".to_owned()),
            ],
            "OAuthRefusal",
        )
        .responses
    }
}
