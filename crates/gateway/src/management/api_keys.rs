//! `/admin/keys`: keys of applications, services and administrators.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig, delete, get, post, resource};
use actix_web::{HttpResponse, http::header};
use isogloss_core::Scope;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::api_error::{Admin, Refusal, no_method};
use crate::admin::Administration;
use crate::admin::api_keys::{NewKey, Shown};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/keys")
            .route(get().to(list))
            .route(post().to(add))
            .default_service(no_method("GET, POST")),
    )
    .service(
        resource("/admin/keys/{key}")
            .route(delete().to(revoke))
            .default_service(no_method("DELETE")),
    );
}

#[derive(Serialize, ToSchema)]
struct Keys {
    keys: Vec<Shown>,
}

/// All keys. Their texts are known to nobody.
#[utoipa::path(
    get,
    path = "/admin/keys",
    operation_id = "listKeys",
    tag = "keys",
    description = "Takes the scope `keys:read`.",
    responses((status = 200, body = Keys), Refusal),
    security(("admin" = ["keys:read"]))
)]
pub(crate) async fn list(
    admin: Admin,
    administration: Data<Administration>,
) -> Result<HttpResponse, Refusal> {
    admin.may(Scope::KeysRead).await?;
    let keys = administration.keys().await;
    let keys = keys.map_err(|error| Refusal::Unavailable(error.to_string()))?;
    let keys = keys.iter().map(Shown::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Keys { keys }))
}

/// A key that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// `admin`, `introspection`, or a dialect.
    realm: String,
    label: String,
    /// The name of the user it is to act as.
    user: Option<String>,
    /// All of the realm, if nothing is said.
    scopes: Option<Vec<String>>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
    /// One that is in use already; a random one is made if there is none.
    #[schema(value_type = Option<String>)]
    key: Option<SecretString>,
    /// Whether the one that is brought may be one that can be guessed.
    #[serde(default)]
    allow_weak: bool,
}

/// A key and its text, which is not shown again.
#[derive(Serialize, ToSchema)]
struct NewlyMade {
    #[serde(flatten)]
    shown: Shown,
    /// Null if it was brought along.
    key: Option<String>,
}

/// Make a key. It may do no more than the key that makes it, and for no longer.
#[utoipa::path(
    post,
    path = "/admin/keys",
    operation_id = "addKey",
    tag = "keys",
    description = "Takes the scope `keys:write`.",
    request_body = KeyRequest,
    responses((status = 201, body = NewlyMade), Refusal),
    security(("admin" = ["keys:write"]))
)]
pub(crate) async fn add(
    admin: Admin,
    administration: Data<Administration>,
    request: Json<KeyRequest>,
) -> Result<HttpResponse, Refusal> {
    let admin = admin.may(Scope::KeysWrite).await?;
    let rights = admin.rights();
    let request = request.into_inner();
    let is_brought = request.key.is_some();
    let new = NewKey {
        realm: request.realm,
        label: request.label,
        user: request.user,
        scopes: request.scopes,
        expires_at: request.expires_at,
        text: request.key,
        allow_weak: request.allow_weak,
    };
    let (text, key) = admin.act(administration.add_key(new, &rights)).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, format!("/admin/keys/{}", key.id())))
        .json(NewlyMade {
            shown: Shown::from(&key),
            key: (!is_brought).then(|| text.expose_secret().to_owned()),
        }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Where {
    /// Only a key of that realm.
    realm: Option<String>,
}

/// Revoke the key of that label or identifier: from now on it opens nothing.
#[utoipa::path(
    delete,
    path = "/admin/keys/{key}",
    operation_id = "revokeKey",
    tag = "keys",
    description = "Takes the scope `keys:write`.",
    params(("key" = String, Path, description = "Its label, or the first six digits or more of its identifier"), Where),
    responses((status = 200, body = Shown), Refusal),
    security(("admin" = ["keys:write"]))
)]
pub(crate) async fn revoke(
    admin: Admin,
    administration: Data<Administration>,
    key: Path<String>,
    at: Query<Where>,
) -> Result<HttpResponse, Refusal> {
    let admin = admin.may(Scope::KeysWrite).await?;
    let revoked = admin
        .act(administration.revoke_key(&key, at.realm.as_deref()))
        .await?;
    Ok(HttpResponse::Ok().json(Shown::from(&revoked)))
}
