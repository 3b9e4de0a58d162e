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
use isogloss_core::{Auth, ClientFilter, ClientIdentity, Session};
use serde_json::json;

use super::IntrospectionApi;
use super::identity_headers;
use super::original_request::{Told, restore};
use crate::dialects::Mount;
use crate::jwt::TokenClaims;
use crate::metrics::Counted;
use crate::sunset::RequestSummary;
use crate::usage::{ServiceUsage, user_agent};

/// Path of forward-auth for any dialect.
const ANY: &str = "/forward-auth";

/// What the proxy requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// A check of the token: identity headers, or an error.
    Whose,
    /// The dialect's error for the client of a request without a valid token.
    OAuthError,
}

/// Adds the routes.
pub(super) fn configure(backends: &IntrospectionApi, cfg: &mut ServiceConfig) {
    let usage = &backends.usage;
    for mount in backends.mounts.iter() {
        let of = |path: &str| format!("/forward-auth{path}/{}", mount.name);
        let envoy = of("/envoy");
        let in_path = Told::InPath(envoy.len());
        ask(
            cfg,
            (scope(&envoy), envoy.clone()),
            (mount, usage),
            (Question::Whose, in_path),
        );
        let refusal = (Question::OAuthError, Told::InHeaders);
        let path = of("/refusal");
        ask(cfg, (scope(&path), path), (mount, usage), refusal);
        let whose = (Question::Whose, Told::InHeaders);
        let path = of("");
        ask(cfg, (scope(&path), path), (mount, usage), whose);
    }
    for mount in backends.mounts.iter() {
        let carrier = mount.clone();
        let door = scope(ANY).guard(fn_guard(move |context| {
            let head = context.head();
            head.uri.path() == ANY && carrier.find_token(&original(head)).is_some()
        }));
        ask(
            cfg,
            (door, ANY.to_owned()),
            (mount, usage),
            (Question::Whose, Told::InHeaders),
        );
    }
    let counted = Counted::under("", ANY.to_owned());
    let nobodys = scope(ANY).default_service(to(nobodys));
    cfg.service(nobodys.wrap_fn(move |request, service| {
        request.extensions_mut().insert(counted.clone());
        service.call(request)
    }));
}

/// Adds a scope of a dialect that responds to that kind of request.
fn ask(
    cfg: &mut ServiceConfig,
    (door, route): (Scope, String),
    (mount, usage): (&Mount, &ServiceUsage),
    (question, told): (Question, Told),
) {
    let asked = Rc::new((mount.clone(), usage.clone()));
    let counted = Counted::under(mount.name, route);
    let door = door.wrap_fn(move |mut request, service| {
        request.extensions_mut().insert(counted.clone());
        restore(request.head_mut(), told);
        let asked = Rc::clone(&asked);
        let (mount, usage) = &*asked;
        if let Some(source) = usage.source(request.request()) {
            request.extensions_mut().insert(source);
        }
        let cut_off = retired(mount, usage, request.request());
        let answer = service.call(request);
        async move {
            let (answer, client) = ClientIdentity::observe(cut_off, answer).await;
            let answer = answer?;
            let (mount, usage) = &*asked;
            // A request for the error follows a check that was refused and counted.
            if question == Question::Whose {
                let refused = answer.response().error().is_some();
                let route = (mount, ANY);
                usage.note(route, answer.request(), (client, refused));
            }
            Ok(judged(answer, question, mount.name))
        }
    });
    cfg.service(door.configure(|cfg| mount.forward_auth(cfg)));
}

/// Inserts an error for the dialect's handler if the head of a request shows that the dialect's retirement
/// refuses it. Returns the filter by which core refuses blocked clients; `None` if the dialect is not retired,
/// or its retirement refuses no requests.
fn retired(mount: &Mount, usage: &ServiceUsage, request: &HttpRequest) -> Option<ClientFilter> {
    let sunset = usage.sunset(mount).filter(|sunset| sunset.refuses())?;
    let auth = request.app_data::<Data<Auth>>()?;
    let head = RequestSummary {
        user_agent: user_agent(request.head()),
        source: usage.source(request),
    };
    if let Some(refusal) = sunset.refusal(&head, auth.now()) {
        request.extensions_mut().insert(refusal.error());
    }
    Some(Arc::new(move |client| sunset.is_cut_off(client, &head)))
}

/// Returns the head of the request that a proxy describes in headers.
fn original(head: &RequestHead) -> RequestHead {
    let mut original = RequestHead::default();
    original.headers = head.headers.clone();
    restore(&mut original, Told::InHeaders);
    original
}

/// Turns the dialect's response into the response to the proxy.
fn judged<B: MessageBody>(
    mut response: ServiceResponse<B>,
    question: Question,
    dialect: &'static str,
) -> ServiceResponse<EitherBody<B>> {
    let session = response.response_mut().extensions_mut().remove::<Session>();
    match (session, question) {
        (Some(session), Question::Whose) => {
            let answer = granted(&session, dialect, response.request());
            response.into_response(answer).map_into_right_body()
        }
        // The token is valid now, but its check was refused just before: a store was unreachable then.
        (Some(_), Question::OAuthError) => {
            let answer = HttpResponse::ServiceUnavailable()
                .insert_header((RETRY_AFTER, "0"))
                .json(json!({ "reason": "please retry" }));
            response.into_response(answer).map_into_right_body()
        }
        (None, Question::OAuthError) => response.map_into_left_body(),
        (None, Question::Whose) => refused(response).map_into_left_body(),
    }
}

/// Returns 200 with identity headers: Envoy accepts no other status as success.
fn granted(session: &Session, dialect: &str, request: &HttpRequest) -> HttpResponse {
    let jwt = request
        .app_data::<Data<IntrospectionApi>>()
        .zip(request.app_data::<Data<Auth>>());
    let jwt = jwt.and_then(|(backends, auth)| {
        let jwts = backends.jwts.as_ref()?;
        let audience = [jwts.audience().to_owned()];
        let identity = TokenClaims::new(session, dialect);
        let jwt = jwts.sign(&identity, &audience, session.expires_at(), auth.now());
        Some(jwt.text)
    });
    let mut answer = HttpResponse::Ok().finish();
    identity_headers::write(answer.headers_mut(), session, dialect, jwt);
    answer
}

/// Replaces a status of success: some dialects send 200 with errors, and a proxy would let the request pass.
fn refused<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    if response.status().is_success() {
        let refusal = response.response().error();
        let status = refusal.map(|refusal| refusal.as_response_error().status_code());
        *response.response_mut().status_mut() = status.unwrap_or(StatusCode::UNAUTHORIZED);
    }
    response
}

/// Responds to a request that carries no dialect's token.
async fn nobodys() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "reason": "the call carries no dialect's token" }))
}
