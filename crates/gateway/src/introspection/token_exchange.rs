//! `/token`: exchanges a dialect's token for a JWT, by the token exchange of RFC 8693.

use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::audit::{Event, EventKind, RefusalReason};
use isogloss_core::{Auth, Scope, Session};
use serde_json::json;
use utoipa::ToSchema;

use super::IntrospectionApi;
use super::oauth_error::{Form, OAuthError};
use super::service_key::ServiceKey;
use crate::jwt::{JwtSigner, TokenClaims};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Prefix of a dialect's own token type.
const OF_DIALECT: &str = "urn:isogloss:token-type:";

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read parameter by parameter")]
struct ExchangeForm {
    /// `urn:ietf:params:oauth:grant-type:token-exchange`
    grant_type: String,
    subject_token: String,
    /// `urn:ietf:params:oauth:token-type:access_token`, or `urn:isogloss:token-type:<dialect>`.
    subject_token_type: String,
    #[schema(nullable = false)]
    dialect: Option<String>,
    #[schema(nullable = false)]
    requested_token_type: Option<String>,
    #[schema(nullable = false)]
    audience: Option<String>,
    #[schema(nullable = false)]
    resource: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct Exchanged {
    access_token: String,
    issued_token_type: String,
    token_type: String,
    expires_in: i64,
}

/// Adds the route `POST /token` to `cfg`.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/token").route(post().to(exchange)));
}

/// Exchange a token for a JWT, as in RFC 8693.
///
/// Returns the JWT.
///
/// # Errors
/// The key is not valid or lacks the scope, the form or its token is invalid, the audience is not allowed, JWTs
/// are disabled, or a store is unreachable.
#[utoipa::path(
    post,
    path = "/token",
    tag = "services",
    description = "Requires the scope `tokens:exchange`.",
    request_body(content = ExchangeForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Exchanged), OAuthError),
    security(("introspection" = ["tokens:exchange"]))
)]
pub(super) async fn exchange(
    service: ServiceKey,
    auth: Data<Auth>,
    api: Data<IntrospectionApi>,
    request: HttpRequest,
    mut form: Form,
) -> Result<HttpResponse, OAuthError> {
    let service = service.authorize(Scope::TokensExchange).await?;
    if form.mandatory("grant_type")? != GRANT_TYPE {
        return Err(OAuthError::UnsupportedGrantType(
            "expected urn:ietf:params:oauth:grant-type:token-exchange",
        ));
    }
    let Some(jwts) = &api.jwts else {
        return Err(OAuthError::UnsupportedGrantType(
            "no JWT is issued here: jwt.enabled is false",
        ));
    };
    let dialect = subject(&mut form)?;
    check_requested(&mut form)?;
    let audience = audience(&mut form, jwts)?;
    let token = form.mandatory("subject_token")?;
    let context = (&**auth, &request, "/token");
    let found = api.check_token(context, dialect.as_deref(), &token).await?;
    let session = found.as_ref().ok().map(|(session, _)| session);
    service.run(async { record(&auth, session) }).await;
    let (session, mount) = found.map_err(|reason| {
        let text = format!("the subject_token {reason}");
        OAuthError::InvalidRequest(text)
    })?;
    let now = auth.now();
    let identity = TokenClaims::new(&session, mount.name);
    let jwt = jwts.sign(&identity, &audience, session.expires_at(), now);
    Ok(HttpResponse::Ok().json(json!({
        "access_token": jwt.text,
        "issued_token_type": JWT,
        "token_type": "Bearer",
        "expires_in": jwt.expires_in,
    })))
}

/// Returns the dialect that the type of the subject token or the parameter `dialect` names, or `None` if
/// neither does. Fails if the type is missing or unknown, or there is an actor token.
fn subject(form: &mut Form) -> Result<Option<String>, OAuthError> {
    if form.optional("actor_token")?.is_some() {
        let text = "an actor_token is not taken";
        return Err(OAuthError::InvalidRequest(text.to_owned()));
    }
    let kind = form.mandatory("subject_token_type")?;
    match kind.strip_prefix(OF_DIALECT) {
        Some(dialect) => Ok(Some(dialect.to_owned())),
        None if kind == ACCESS_TOKEN => form.optional("dialect"),
        None => {
            let text = format!("expected a subject_token_type {ACCESS_TOKEN} or {OF_DIALECT}…");
            Err(OAuthError::InvalidRequest(text))
        }
    }
}

/// Fails if the form requests a token type other than a JWT.
fn check_requested(form: &mut Form) -> Result<(), OAuthError> {
    match form.optional("requested_token_type")?.as_deref() {
        None | Some(JWT | ACCESS_TOKEN) => Ok(()),
        Some(_) => {
            let text = format!("expected a requested_token_type {JWT}");
            Err(OAuthError::InvalidRequest(text))
        }
    }
}

/// Returns the audience of the JWT: all that `audience` and `resource` name, or the configured one if there are
/// none. Fails with `InvalidTarget` if one of them is not allowed.
fn audience(form: &mut Form, jwts: &JwtSigner) -> Result<Vec<String>, OAuthError> {
    let mut named = form.all("audience");
    named.append(&mut form.all("resource"));
    if named.is_empty() {
        return Ok(vec![jwts.audience().to_owned()]);
    }
    if named.iter().all(|audience| jwts.allows_audience(audience)) {
        return Ok(named);
    }
    Err(OAuthError::InvalidTarget)
}

/// Records the exchange in the audit log; as refused if there is no session.
fn record(auth: &Auth, session: Option<&Session>) {
    let event = Event::new(EventKind::Exchange, auth.now());
    auth.audit().record(match session {
        Some(session) => Event {
            handle: Some(session.digest),
            ..event.about(&session.user)
        },
        None => event.refused(RefusalReason::Token),
    });
}
