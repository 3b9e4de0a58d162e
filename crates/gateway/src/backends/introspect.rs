//! `/introspect`: token introspection by RFC 7662, for the tokens of all dialects.

use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, Client};
use serde::Serialize;
use serde_json::json;

use super::Backends;
use super::backend::Backend;
use super::identity::Identity;
use super::oauth::{Form, Refusal};
use super::received::session_of;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/introspect").route(post().to(introspect)));
}

/// A live token.
#[derive(Serialize)]
struct Live<'a> {
    active: bool,
    /// What clients of the dialect call it.
    token_type: &'static str,
    /// Unix time of the token's end.
    exp: i64,
    /// Unix time of its issue.
    iat: i64,
    #[serde(flatten)]
    identity: Identity<'a>,
}

async fn introspect(
    _backend: Backend,
    auth: Data<Auth>,
    backends: Data<Backends>,
    request: HttpRequest,
    mut form: Form,
) -> Result<HttpResponse, Refusal> {
    let token = form.mandatory("token")?;
    let dialect = form.optional("dialect")?;
    let mounts = backends.of(dialect.as_deref())?;
    let (found, client) = Client::meet(None, Box::pin(session_of(&auth, mounts, &token))).await;
    let Some((session, mount)) = found? else {
        return Ok(HttpResponse::Ok().json(json!({ "active": false })));
    };
    let is_cut_off = backends.usage.is_cut_off(mount, &client);
    let route = (mount, "/introspect");
    backends.usage.note(route, &request, (client, is_cut_off));
    if is_cut_off {
        return Ok(HttpResponse::Ok().json(json!({ "active": false })));
    }
    Ok(HttpResponse::Ok().json(Live {
        active: true,
        token_type: mount.token_type(),
        exp: session.expires_at.unix_timestamp(),
        iat: session.issued_at.unix_timestamp(),
        identity: Identity::new(&session, mount.name),
    }))
}
