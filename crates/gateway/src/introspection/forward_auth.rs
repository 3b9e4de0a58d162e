//! `/forward-auth/…`: the routes that a proxy calls before it passes a request on to a service.
//!
//! | path | response |
//! | --- | --- |
//! | `/forward-auth/<dialect>` | 200 with identity headers, or the dialect's error |
//! | `/forward-auth` | the same, for the dialect whose token the request carries |
//! | `/forward-auth/envoy/<dialect>/…` | the same, for a proxy that puts the request into method and path |
//! | `/forward-auth/refusal/<dialect>` | the error as a client of the dialect expects it, for proxies that keep only the status |

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, Service as _, ServiceResponse};
use actix_web::guard::fn_guard;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, Scope};
use isogloss_core::{Auth, ClientFilter, ObservedRequest, Session};
use serde_json::json;

use super::IntrospectionApi;
use super::identity::Identity;
use super::original_request::{OriginalRequestSource, restore};
use crate::dialects::Mount;
use crate::jwt::TokenClaims;
use crate::metrics::CountedRoute;
use crate::refusals::{Cause, fault_of};
use crate::sunset::{Rejection, RequestSummary};
use crate::usage::{ServiceUsage, user_agent};

/// Path of forward-auth for any dialect.
const ANY: &str = "/forward-auth";

/// Mode of a forward-auth request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForwardAuthMode {
    /// A check of the token: identity headers, or an error.
    CheckToken,
    /// The dialect's error for the client of a request without a valid token.
    ClientError,
}

/// Adds the forward-auth routes of every dialect, and the one for any dialect.
pub(super) fn configure(api: &IntrospectionApi, cfg: &mut ServiceConfig) {
    let usage = &api.usage;
    for mount in api.mounts.iter() {
        let of = |path: &str| format!("/forward-auth{path}/{}", mount.name);
        let envoy = of("/envoy");
        let in_path = OriginalRequestSource::Path(envoy.len());
        add_scope(
            cfg,
            (scope(&envoy), envoy.clone()),
            (mount, usage),
            (ForwardAuthMode::CheckToken, in_path),
        );
        let rejection = (ForwardAuthMode::ClientError, OriginalRequestSource::Headers);
        let path = of("/refusal");
        add_scope(cfg, (scope(&path), path), (mount, usage), rejection);
        let check = (ForwardAuthMode::CheckToken, OriginalRequestSource::Headers);
        let path = of("");
        add_scope(cfg, (scope(&path), path), (mount, usage), check);
    }
    for mount in api.mounts.iter() {
        let dialect = mount.clone();
        let scope = scope(ANY).guard(fn_guard(move |context| {
            let head = context.head();
            head.uri.path() == ANY && dialect.find_token(&original(head)).is_some()
        }));
        add_scope(
            cfg,
            (scope, ANY.to_owned()),
            (mount, usage),
            (ForwardAuthMode::CheckToken, OriginalRequestSource::Headers),
        );
    }
    let counted = CountedRoute::new("", ANY.to_owned());
    let without_token = scope(ANY).default_service(to(without_token));
    cfg.service(without_token.wrap_fn(move |request, service| {
        request.extensions_mut().insert(counted.clone());
        service.call(request)
    }));
}

/// Adds a scope in which a dialect responds to forward-auth requests in that mode.
fn add_scope(
    cfg: &mut ServiceConfig,
    (scope, route): (Scope, String),
    (mount, usage): (&Mount, &ServiceUsage),
    (mode, source): (ForwardAuthMode, OriginalRequestSource),
) {
    let shared = Rc::new((mount.clone(), usage.clone()));
    let counted = CountedRoute::new(mount.name, route);
    let scope = scope.wrap_fn(move |mut request, service| {
        request.extensions_mut().insert(counted.clone());
        restore(request.head_mut(), source);
        let shared = Rc::clone(&shared);
        let (mount, usage) = &*shared;
        if let Some(source) = usage.client_ip(request.request()) {
            request.extensions_mut().insert(source);
        }
        let (filter, rejection) = apply_sunset(mount, usage, request.request());
        let response = service.call(request);
        async move {
            let (response, observed) = ObservedRequest::observe(filter, response).await;
            let response = response?;
            let (mount, usage) = &*shared;
            // A request for the error follows a check that was refused and counted.
            if mode == ForwardAuthMode::CheckToken {
                let fault = fault_of(rejection, response.response());
                let request = response.request();
                usage.record((mount, ANY), request, (&observed.client, fault.is_some()));
                if fault.is_some() {
                    let route = (Some(mount.name), ANY);
                    let cause = Cause { observed, fault };
                    usage.record_refusal(route, request, (error_status(&response), cause));
                }
            }
            Ok(proxy_response(response, mode, mount.name))
        }
    });
    cfg.service(scope.configure(|cfg| mount.forward_auth(cfg)));
}

/// Inserts an error for the dialect's handler if the head of a request shows that the dialect's retirement
/// rejects it, and returns that rejection. Returns also the filter by which core refuses blocked clients; `None` if the
/// dialect is not being retired, or its retirement rejects no requests.
fn apply_sunset(
    mount: &Mount,
    usage: &ServiceUsage,
    request: &HttpRequest,
) -> (Option<ClientFilter>, Option<Rejection>) {
    let sunset = usage.sunset(mount).filter(|sunset| sunset.may_reject());
    let auth = request.app_data::<Data<Auth>>();
    let Some((sunset, auth)) = sunset.zip(auth) else {
        return (None, None);
    };
    let head = RequestSummary {
        user_agent: user_agent(request.head()),
        source: usage.client_ip(request),
    };
    let rejection = sunset.rejection(&head, auth.now());
    if let Some(rejection) = rejection {
        request.extensions_mut().insert(rejection.error());
    }
    let filter: ClientFilter = Arc::new(move |client| sunset.is_blocked(client, &head));
    (Some(filter), rejection)
}

/// Returns the head of the original request, which a proxy describes in headers.
fn original(head: &RequestHead) -> RequestHead {
    let mut original = RequestHead::default();
    original.headers = head.headers.clone();
    restore(&mut original, OriginalRequestSource::Headers);
    original
}

/// Converts the dialect's response to the response for the proxy: identity headers, or an error.
fn proxy_response<B: MessageBody>(
    mut response: ServiceResponse<B>,
    mode: ForwardAuthMode,
    dialect: &'static str,
) -> ServiceResponse<EitherBody<B>> {
    let session = response.response_mut().extensions_mut().remove::<Session>();
    match (session, mode) {
        (Some(session), ForwardAuthMode::CheckToken) => {
            let granted = with_identity(&session, dialect, response.request());
            response.into_response(granted).map_into_right_body()
        }
        // The token is valid now, but its check was refused just before: a store was unreachable then.
        (Some(_), ForwardAuthMode::ClientError) => {
            let unavailable = please_retry("0");
            response.into_response(unavailable).map_into_right_body()
        }
        (None, ForwardAuthMode::ClientError) => response.map_into_left_body(),
        (None, ForwardAuthMode::CheckToken) => with_error_status(response).map_into_left_body(),
    }
}

/// Returns 503 for a request that may succeed after that many seconds.
fn please_retry(seconds: &'static str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, seconds))
        .json(json!({ "reason": "please retry" }))
}

/// Returns 200 with identity headers: Envoy accepts no other status as success. If no JWT can be signed although they are
/// enabled, returns 503.
fn with_identity(session: &Session, dialect: &str, request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    let Some((api, auth)) = request
        .app_data::<Data<IntrospectionApi>>()
        .zip(request.app_data::<Data<Auth>>())
    else {
        // The application has both.
        return HttpResponse::InternalServerError().finish();
    };
    let claims = TokenClaims::new(session, dialect, &api.scopes);
    let jwt = api.jwts.as_ref().map(|jwts| {
        let audience = [jwts.audience().to_owned()];
        jwts.sign_cached(&claims, &audience, session.expires_at(), auth.now())
    });
    // Never 200 without the JWT that the service expects.
    let Ok(jwt) = jwt.transpose() else {
        return please_retry("1");
    };
    let identity = Identity {
        claims: &claims,
        expires_at: session.expires_at(),
        jwt: jwt.as_ref().map(|jwt| jwt.text.as_str()),
    };
    api.headers.write(response.headers_mut(), Some(&identity));
    response
}

/// Replaces a status of success by that of the error: some dialects send 200 with errors, and a proxy would let
/// the request pass.
fn with_error_status<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    *response.response_mut().status_mut() = error_status(&response);
    response
}

/// Returns the status of a response, or that of its error if the dialect sends 200 with it.
fn error_status<B>(response: &ServiceResponse<B>) -> StatusCode {
    let status = response.status();
    if !status.is_success() {
        return status;
    }
    let rejection = response.response().error();
    let status = rejection.map(|rejection| rejection.as_response_error().status_code());
    status.unwrap_or(StatusCode::UNAUTHORIZED)
}

/// Returns 401 for a request that carries no dialect's token.
async fn without_token() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "reason": "the call carries no dialect's token" }))
}
