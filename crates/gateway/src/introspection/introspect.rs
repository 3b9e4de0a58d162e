//! `/introspect`: token introspection by RFC 7662, for the tokens of all dialects.

use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, Scope};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::IntrospectionApi;
use super::oauth_error::{Form, OAuthError};
use super::service_key::ServiceKey;
use crate::jwt::TokenClaims;

/// Adds the route `POST /introspect` to `cfg`.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/introspect").route(post().to(introspect)));
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read parameter by parameter")]
struct IntrospectForm {
    token: String,
    /// Only tokens of this dialect.
    #[schema(nullable = false)]
    dialect: Option<String>,
}

/// The properties of a token. For an inactive token, only `active`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "two types write it")]
struct Introspection {
    active: bool,
    #[schema(nullable = false)]
    token_type: Option<String>,
    #[schema(nullable = false)]
    exp: Option<i64>,
    #[schema(nullable = false)]
    iat: Option<i64>,
    /// The user's identifier.
    #[schema(nullable = false)]
    sub: Option<String>,
    #[schema(nullable = false)]
    username: Option<String>,
    #[schema(nullable = false)]
    dialect: Option<String>,
}

/// The response for a live token.
#[derive(Serialize)]
struct ActiveToken<'a> {
    active: bool,
    /// The word that clients of the dialect use for the token.
    token_type: &'static str,
    /// Unix time of the token's expiry.
    exp: i64,
    /// Unix time of the token's issue.
    iat: i64,
    #[serde(flatten)]
    identity: TokenClaims<'a>,
}

/// Introspect a token, as in RFC 7662.
///
/// Returns the properties of a valid token, or `active: false`.
///
/// # Errors
/// The key is not valid or lacks the scope, the form is invalid, or a store is unreachable.
#[utoipa::path(
    post,
    path = "/introspect",
    tag = "services",
    description = "Requires the scope `tokens:introspect`. The token may be exactly what the service received: the token alone, the value of a header, or a query.",
    request_body(content = IntrospectForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), OAuthError),
    security(("introspection" = ["tokens:introspect"]))
)]
pub(super) async fn introspect(
    service: ServiceKey,
    auth: Data<Auth>,
    api: Data<IntrospectionApi>,
    request: HttpRequest,
    mut form: Form,
) -> Result<HttpResponse, OAuthError> {
    service.authorize(Scope::TokensIntrospect).await?;
    let token = form.mandatory("token")?;
    let dialect = form.optional("dialect")?;
    let context = (&**auth, &request, "/introspect");
    let found = api.check_token(context, dialect.as_deref(), &token).await?;
    let Ok((session, mount)) = found else {
        return Ok(HttpResponse::Ok().json(json!({ "active": false })));
    };
    Ok(HttpResponse::Ok().json(ActiveToken {
        active: true,
        token_type: mount.token_type(),
        exp: session.expires_at().unix_timestamp(),
        iat: session.issued_at().unix_timestamp(),
        identity: TokenClaims::new(&session, mount.name),
    }))
}
