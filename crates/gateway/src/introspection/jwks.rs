//! `/.well-known/jwks.json`: the public keys that verify JWTs, as a key set of RFC 7517.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, ServiceConfig, get, resource};
use isogloss_core::Auth;
use serde_json::json;
use utoipa::ToSchema;

use super::IntrospectionApi;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/.well-known/jwks.json").route(get().to(keys)));
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct KeySet {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}

/// Returns the current, the previous and the next public keys; none if JWTs are disabled.
#[utoipa::path(get, summary = "The current, the previous and the next public keys; none if JWTs are disabled.", path = "/.well-known/jwks.json", operation_id = "jwks", tag = "services",
    responses((status = 200, body = KeySet)))]
pub(super) async fn keys(auth: Data<Auth>, api: Data<IntrospectionApi>) -> HttpResponse {
    let jwts = api.jwts.as_ref();
    let keys = jwts.map_or_else(Vec::new, |jwts| jwts.published(auth.now()));
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(json!({ "keys": keys }))
}
