//! `/token`: exchanges a dialect's token or a JWT for a JWT, by the token exchange of RFC 8693.

use std::collections::HashSet;
use std::iter;

use actix_web::http::header::PRAGMA;
use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::audit::{Event, EventKind, RefusalReason};
use isogloss_core::{Auth, KeyLimits, Scope, Session};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use self::subject::{SubjectKind, issued_token_type};
use super::IntrospectionApi;
use super::active_session::{Check, InvalidTokenReason};
use super::form::Form;
use super::oauth_error::OAuthError;
use super::scope_table::{common_scopes, joined};
use super::service_key::ServiceRequest;
use crate::dialects::Mount;
use crate::jwt::{JwtSigner, TokenClaims};

mod subject;

pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read parameter by parameter")]
struct ExchangeForm {
    /// `urn:ietf:params:oauth:grant-type:token-exchange`
    grant_type: String,
    subject_token: String,
    /// `urn:ietf:params:oauth:token-type:access_token` for any token, `urn:ietf:params:oauth:token-type:jwt` for a JWT
    /// of this gateway, or `urn:isogloss:token-type:<dialect>`.
    subject_token_type: String,
    #[schema(nullable = false)]
    dialect: Option<String>,
    /// `urn:ietf:params:oauth:token-type:access_token`, the default, or `urn:ietf:params:oauth:token-type:jwt`. The
    /// issued token is a JWT in both cases.
    #[schema(nullable = false)]
    requested_token_type: Option<String>,
    /// Scopes separated by spaces, some of those of the subject token. Without it, the JWT has all of them.
    #[schema(nullable = false)]
    scope: Option<String>,
    #[schema(nullable = false)]
    audience: Option<String>,
    #[schema(nullable = false)]
    resource: Option<String>,
    /// The service's name, next to `client_secret`. Any is accepted.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The service's key, if it is not in the header `Authorization`.
    #[schema(nullable = false, format = "password")]
    client_secret: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct Exchanged {
    access_token: String,
    /// The requested type, or `urn:ietf:params:oauth:token-type:access_token`.
    issued_token_type: String,
    token_type: String,
    expires_in: i64,
    /// The scopes of the JWT, separated by spaces; absent if it has none.
    #[schema(nullable = false)]
    scope: Option<String>,
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
/// The key is not valid or lacks the scope, the form or its token is invalid, the audience or the scope is not
/// allowed, JWTs are disabled, or a store or the keys of JWTs are unavailable.
#[utoipa::path(
    post,
    path = "/token",
    tag = "services",
    description = "Requires the scope `tokens:exchange`.",
    request_body(content = ExchangeForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Exchanged), OAuthError),
    security(("introspection" = ["tokens:exchange"]), ("introspection_basic" = []))
)]
pub(super) async fn exchange(
    service: ServiceRequest,
    auth: Data<Auth>,
    api: Data<IntrospectionApi>,
    request: HttpRequest,
) -> Result<HttpResponse, OAuthError> {
    let (service, mut form) = service.authorize(Scope::TokensExchange).await?;
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
    let kind = SubjectKind::parse(&mut form)?;
    let issued_token_type = issued_token_type(&mut form)?;
    let audience = audience(&mut form, jwts, service.limits())?;
    let wanted = form.optional("scope")?;
    let token = form.mandatory("subject_token")?;
    let check = Check {
        auth: &auth,
        request: &request,
        route: "/token",
        limits: service.limits(),
        dialect: kind.dialect(),
    };
    let found = find_subject(&api, check, &kind, &token).await?;
    let session = found.as_ref().ok().map(|subject| &subject.session);
    let recorded = async { record(&auth, session) };
    service.run(recorded).await;
    let subject = found.map_err(|reason| {
        let text = format!("the subject_token {reason}");
        OAuthError::InvalidRequest(text)
    })?;
    let (session, now) = (&subject.session, auth.now());
    let mut identity = TokenClaims::new(session, subject.mount.name, &api.scopes);
    let scope = granted(&subject, identity.scope, wanted.as_deref())?;
    identity.scope = Some(scope.as_str()).filter(|scope| !scope.is_empty());
    let jwt = jwts.sign(&identity, &audience, session.expires_at(), now)?;
    let mut response = json!({
        "access_token": jwt.text,
        "issued_token_type": issued_token_type,
        "token_type": "Bearer",
        "expires_in": jwt.expires_in,
    });
    if let Some(scope) = identity.scope {
        response["scope"] = scope.into();
    }
    // RFC 6749, section 5.1, next to the `Cache-Control` of all responses.
    let no_cache = (PRAGMA, "no-cache");
    Ok(HttpResponse::Ok().insert_header(no_cache).json(response))
}

/// A subject token that is valid.
struct Subject<'m> {
    session: Session,
    mount: &'m Mount,
    /// The claims, if it is a JWT.
    claims: Option<Map<String, Value>>,
}

/// Returns the subject of a token of that kind, or the reason why the token is not valid. Fails if the dialect is not
/// enabled or is in a brownout, or a store is unreachable.
async fn find_subject<'m>(
    api: &'m IntrospectionApi,
    check: Check<'_>,
    kind: &SubjectKind,
    token: &str,
) -> Result<Result<Subject<'m>, InvalidTokenReason>, OAuthError> {
    if kind.may_be_jwt() {
        let checked = api.check_jwt(check, token).await?;
        let checked = checked.map(|checked| {
            checked.map(|active| Subject {
                session: active.session,
                mount: active.mount,
                claims: Some(active.jwt.claims),
            })
        });
        match checked {
            Some(checked) => return Ok(checked),
            None if matches!(kind, SubjectKind::Jwt) => return Ok(Err("is not valid")),
            None => {}
        }
    }
    let found = api.check_token(check, token).await?;
    Ok(found.map(|(session, mount)| Subject {
        session,
        mount,
        claims: None,
    }))
}

/// Returns the scopes of the JWT: those of the subject's role and dialect, or fewer if the subject token has fewer or the
/// service wants fewer. Fails with `InvalidScope` if it wants others.
fn granted(
    subject: &Subject<'_>,
    of_role: Option<&str>,
    wanted: Option<&str>,
) -> Result<String, OAuthError> {
    let available: Vec<_> = match &subject.claims {
        None => of_role.unwrap_or_default().split(' ').collect(),
        Some(claims) => common_scopes(of_role, claims),
    };
    let Some(wanted) = wanted else {
        return Ok(joined(available.into_iter()));
    };
    let wanted: Vec<_> = wanted.split_ascii_whitespace().collect();
    if wanted.is_empty() || !wanted.iter().all(|scope| available.contains(scope)) {
        return Err(OAuthError::InvalidScope);
    }
    Ok(joined(wanted.into_iter()))
}

/// Returns the audience of the JWT: all that `audience` and `resource` name. If they name none, it is the configured
/// one, or the first of the key's that is allowed if the key is not bound to that one. Fails with `InvalidTarget` if
/// an audience is not allowed, by the configuration or by the key.
fn audience(
    form: &mut Form,
    jwts: &JwtSigner,
    limits: &KeyLimits,
) -> Result<Vec<String>, OAuthError> {
    let is_allowed =
        |audience: &str| jwts.allows_audience(audience) && limits.allows_audience(audience);
    let mut named = form.all("audience");
    named.append(&mut form.all("resource"));
    let mut known = HashSet::new();
    named.retain(|audience| known.insert(audience.clone()));
    if named.is_empty() {
        let of_key = limits.audiences().unwrap_or_default().iter();
        let mut defaults = iter::once(jwts.audience()).chain(of_key.map(String::as_str));
        let default = defaults.find(|audience| is_allowed(audience));
        named.extend(default.map(str::to_owned));
    }
    let are_allowed = !named.is_empty() && named.iter().all(|audience| is_allowed(audience));
    are_allowed
        .then_some(named)
        .ok_or(OAuthError::InvalidTarget)
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
