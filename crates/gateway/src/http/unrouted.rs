//! Paths of the public listener that belong to no dialect.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use isogloss_core::Auth;

use crate::client_ip::TrustedProxies;
use crate::refusals::{Cause, RefusalLog, RefusedCall};
use crate::telemetry;

/// Returns 404, and records the request.
pub(super) async fn unrouted(request: HttpRequest) -> impl Responder {
    let shared = request
        .app_data::<Data<Auth>>()
        .zip(request.app_data::<TrustedProxies>())
        .zip(request.app_data::<RefusalLog>());
    if let Some(((auth, proxies), refusals)) = shared {
        let peer = request.peer_addr();
        let call = RefusedCall {
            head: request.head(),
            source: peer.map(|peer| proxies.source(peer.ip(), request.headers())),
            request_id: telemetry::request_id_of(&request),
            dialect: None,
            route: None,
            status: StatusCode::NOT_FOUND,
        };
        refusals.record(&call, Cause::default(), auth.now());
    }
    HttpResponse::NotFound()
}
