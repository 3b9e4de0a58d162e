//! `/.well-known/jwks.json`: the public keys that verify JWTs, as a key set of RFC 7517.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETag, EntityTag, IfNoneMatch};
use actix_web::web::{Data, ServiceConfig, get, head, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use isogloss_core::Auth;
use serde_json::json;
use utoipa::ToSchema;

use super::IntrospectionApi;
use super::oauth_error::{OAuthError, OAuthErrorBody};

/// How long services may use a copy. A key is published for a whole period before it signs.
const CACHING: &str = "public, max-age=300";

pub(super) fn configure(cfg: &mut ServiceConfig) {
    let keys_at = resource("/.well-known/jwks.json");
    cfg.service(keys_at.route(get().to(keys)).route(head().to(keys)));
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct KeySet {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}

/// Returns the public keys of all JWTs that are valid, and of those to come; none if JWTs are disabled.
///
/// # Errors
/// The keys cannot be read.
#[utoipa::path(get, summary = "The public keys of JWTs: the current, the previous and the next ones; none if JWTs are disabled.", path = "/.well-known/jwks.json", operation_id = "jwks", tag = "services",
    responses((status = 200, body = KeySet), (status = 304, description = "The key set has the entity tag of `If-None-Match`."), (status = 503, description = "The keys cannot be read at present.", body = OAuthErrorBody)))]
pub(super) async fn keys(
    auth: Data<Auth>,
    api: Data<IntrospectionApi>,
    request: HttpRequest,
) -> Result<HttpResponse, OAuthError> {
    let keys = match &api.jwts {
        Some(jwts) => jwts.published(auth.now())?,
        None => Vec::new(),
    };
    let body = json!({ "keys": keys }).to_string();
    let tag = EntityTag::new_strong(hex::encode(digest(&SHA256, body.as_bytes())));
    let is_known = is_known(&request, &tag);
    let status = if is_known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, CACHING));
    response.insert_header(ETag(tag));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(body))
}

/// Returns whether the caller has the key set with that tag.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Some(IfNoneMatch::Any) | None => false,
    }
}
