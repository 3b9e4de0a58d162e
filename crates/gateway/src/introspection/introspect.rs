//! `/introspect` and `/introspect/<dialect>`: token introspection by RFC 7662, for the tokens of all dialects and our own
//! JWTs.

use std::borrow::Cow;

use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, Scope, TokenDigest};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::IntrospectionApi;
use super::active_session::Check;
use super::form::Form;
use super::oauth_error::OAuthError;
use super::scope_table::common_scopes;
use super::service_key::ServiceRequest;
use crate::jwt::TokenClaims;

const PATH: &str = "/introspect";

/// Adds the routes `POST /introspect`, and `POST /introspect/<dialect>` for each enabled dialect, to `cfg`.
pub(super) fn configure(api: &IntrospectionApi, cfg: &mut ServiceConfig) {
    cfg.service(resource(PATH).route(post().to(introspect)));
    for mount in api.mounts.iter() {
        let of_dialect = resource(format!("{PATH}/{}", mount.name));
        cfg.service(of_dialect.route(post().to(introspect)));
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read parameter by parameter")]
struct IntrospectForm {
    token: String,
    /// Accepted, and not used: the gateway knows what a token is.
    #[schema(nullable = false)]
    token_type_hint: Option<String>,
    /// Only tokens of this dialect.
    #[schema(nullable = false)]
    dialect: Option<String>,
    /// The service's name, next to `client_secret`. Any is accepted.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The service's key, if it is not in the header `Authorization`.
    #[schema(nullable = false, format = "password")]
    client_secret: Option<String>,
}

/// The properties of a token, or the claims of a JWT. For an inactive token, only `active`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "two types write it")]
struct Introspection {
    active: bool,
    /// What clients of the dialect call their token; `Bearer` for a JWT.
    #[schema(nullable = false)]
    token_type: Option<String>,
    /// When the token ends, or earlier: the service must then ask again.
    #[schema(nullable = false)]
    exp: Option<i64>,
    #[schema(nullable = false)]
    iat: Option<i64>,
    /// The token's handle, or the identifier of the JWT.
    #[schema(nullable = false)]
    jti: Option<String>,
    /// The user's identifier.
    #[schema(nullable = false)]
    sub: Option<String>,
    #[schema(nullable = false)]
    username: Option<String>,
    /// The user's number.
    #[schema(nullable = false)]
    number: Option<i64>,
    #[schema(nullable = false)]
    email: Option<String>,
    #[schema(nullable = false)]
    organisation: Option<String>,
    #[schema(nullable = false)]
    organisation_id: Option<String>,
    #[schema(nullable = false)]
    role: Option<String>,
    #[schema(nullable = false)]
    dialect: Option<String>,
    /// The registered application that the directory has confirmed at the login, or else the dialect.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The scopes of the role and the dialect, separated by spaces.
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The name that the device or program sent when it logged in.
    #[schema(nullable = false)]
    device: Option<String>,
    /// The application that the client says it is.
    #[schema(nullable = false)]
    application: Option<String>,
    #[schema(nullable = false)]
    unit: Option<String>,
    #[schema(nullable = false)]
    team: Option<String>,
    /// What the client says and nothing can check: `project`.
    #[schema(nullable = false, value_type = Option<Object>)]
    claimed: Option<Value>,
    /// The administrator who acts as the user: `sub`.
    #[schema(nullable = false, value_type = Option<Object>)]
    act: Option<Value>,
    /// Of a JWT: its issuer.
    #[schema(nullable = false)]
    iss: Option<String>,
    /// Of a JWT: its audience, a text or a list of texts.
    #[schema(nullable = false)]
    aud: Option<Value>,
    /// Of a JWT: the handle of the token that it was issued for.
    #[schema(nullable = false)]
    sid: Option<String>,
}

/// The response for a live token.
#[derive(Serialize)]
struct ActiveToken<'a> {
    active: bool,
    /// The word that clients of the dialect use for the token.
    token_type: &'static str,
    /// Unix time at which the service must ask again, the token's expiry at the latest.
    exp: i64,
    /// Unix time of the token's issue.
    iat: i64,
    /// The token's handle, as in `isogloss session`.
    #[serde(serialize_with = "handle")]
    jti: TokenDigest,
    #[serde(flatten)]
    identity: TokenClaims<'a>,
}

/// The claims that belong to a JWT itself. All others are of the user and the token.
const OF_JWT: [&str; 6] = ["iss", "aud", "iat", "exp", "jti", "sid"];

/// The response for a live JWT: what it was issued with and for, and the user as the directory has it now.
#[derive(Serialize)]
struct ActiveJwtBody<'a> {
    active: bool,
    token_type: &'static str,
    #[serde(flatten)]
    of_jwt: Map<String, Value>,
    #[serde(flatten)]
    identity: TokenClaims<'a>,
}

fn handle<S: Serializer>(digest: &TokenDigest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
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
    description = "Requires the scope `tokens:introspect`. The token may be exactly what the service received: the token alone, the value of a header, or a query. `POST /introspect/<dialect>` is the same, with only tokens of that dialect.",
    request_body(content = IntrospectForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), OAuthError),
    security(("introspection" = ["tokens:introspect"]), ("introspection_basic" = []))
)]
pub(super) async fn introspect(
    service: ServiceRequest,
    auth: Data<Auth>,
    api: Data<IntrospectionApi>,
    request: HttpRequest,
) -> Result<HttpResponse, OAuthError> {
    let (service, mut form) = service.authorize(Scope::TokensIntrospect).await?;
    let token = form.mandatory("token")?;
    let dialect = dialect(&mut form, request.path())?;
    let check = Check {
        auth: &auth,
        request: &request,
        route: PATH,
        limits: service.limits(),
        dialect: dialect.as_deref(),
    };
    let inactive = || Ok(HttpResponse::Ok().json(json!({ "active": false })));
    if let Some(checked) = api.check_jwt(check, &token).await? {
        let Ok(active) = checked else {
            return inactive();
        };
        let mut identity = TokenClaims::new(&active.session, active.mount.name, &api.scopes);
        let mut of_jwt = active.jwt.claims;
        let scope = common_scopes(identity.scope, &of_jwt).join(" ");
        identity.scope = Some(scope.as_str()).filter(|scope| !scope.is_empty());
        of_jwt.retain(|name, _| OF_JWT.contains(&name.as_str()));
        return Ok(HttpResponse::Ok().json(ActiveJwtBody {
            active: true,
            token_type: "Bearer",
            of_jwt,
            identity,
        }));
    }
    let found = api.check_token(check, &token).await?;
    let Ok((session, mount)) = found else {
        return inactive();
    };
    let usable_until = api.usable_until(session.expires_at(), auth.now());
    let identity = TokenClaims::new(&session, mount.name, &api.scopes);
    Ok(HttpResponse::Ok().json(ActiveToken {
        active: true,
        token_type: mount.token_type(),
        exp: usable_until.unix_timestamp(),
        iat: session.issued_at().unix_timestamp(),
        jti: identity.handle,
        identity,
    }))
}

/// Returns the dialect that the path of the request or the parameter `dialect` names, or `None` if neither does. Fails if
/// they name different ones.
fn dialect<'p>(form: &mut Form, path: &'p str) -> Result<Option<Cow<'p, str>>, OAuthError> {
    let named = form.optional("dialect")?;
    let in_path = path
        .strip_prefix(PATH)
        .and_then(|rest| rest.strip_prefix('/'));
    match (in_path, named) {
        (Some(dialect), Some(other)) if dialect != other => {
            let text = "the path and the parameter dialect name different dialects";
            Err(OAuthError::InvalidRequest(text.to_owned()))
        }
        (Some(dialect), _) => Ok(Some(dialect.into())),
        (None, named) => Ok(named.map(Cow::from)),
    }
}
