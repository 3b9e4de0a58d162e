//! `/admin/keys`: keys of applications, services and administrators.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig, delete, get, post, resource};
use actix_web::{HttpResponse, http::header};
use isogloss_core::Scope;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use super::{LONGEST_PAGE, limit};
use crate::admin::AdminService;
use crate::admin::api_keys::{ApiKeyView, KeyFilter, NewKey, format_key_cursor, parse_key_cursor};

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

/// Which keys are meant: those to which all of it applies.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyPageQuery {
    /// Keys of this realm.
    realm: Option<String>,
    /// Keys that act as this user, by its name.
    user: Option<String>,
    /// Keys with this text in the label, in upper or lower case.
    search: Option<String>,
    /// Only later keys: `next` of the previous page.
    after: Option<String>,
    /// Maximum number of entries; default and most: 1,000. A page may have fewer and still a `next`.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Keys {
    keys: Vec<ApiKeyView>,
    /// The start of the next page, if there is one.
    next: Option<String>,
}

/// List keys by realm and label, without their texts, which are not stored.
///
/// Returns the keys, or a page of them and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/keys",
    operation_id = "listKeys",
    tag = "keys",
    description = "Requires the scope `keys:read`.",
    params(KeyPageQuery),
    responses((status = 200, body = Keys), ApiError),
    security(("admin" = ["keys:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    service: Data<AdminService>,
    query: Query<KeyPageQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::KeysRead).await?;
    let KeyPageQuery {
        realm,
        user,
        search,
        after,
        limit,
    } = query.into_inner();
    let filter = KeyFilter {
        realm,
        user,
        search,
    };
    let after = after.as_deref().map(|text| {
        let malformed = || ApiError::Malformed("after: expected `next` of a page".to_owned());
        parse_key_cursor(text).ok_or_else(malformed)
    });
    let limit = usize::try_from(limit.unwrap_or(LONGEST_PAGE).min(LONGEST_PAGE));
    let limit = limit.unwrap_or(usize::MAX);
    let page = service.key_page(&filter, after.transpose()?, limit).await;
    let page = page.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let next = page.next.as_ref().map(format_key_cursor);
    let keys = page.keys.iter().map(ApiKeyView::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Keys { keys, next }))
}

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// `admin`, `introspection`, or a dialect.
    realm: String,
    label: String,
    /// The user that the key acts as.
    user: Option<String>,
    /// Default: all rights of the realm.
    scopes: Option<Vec<String>>,
    /// The dialects whose tokens a key of the realm `introspection` may introspect and exchange; default: all.
    dialects: Option<Vec<String>>,
    /// The audiences of the JWTs that a key of the realm `introspection` may request; default: all.
    audiences: Option<Vec<String>>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
    /// A text that is already in use; default: a random one.
    #[schema(value_type = Option<String>)]
    key: Option<SecretString>,
    /// Whether the given text may be one that can be guessed.
    #[serde(default)]
    allow_weak: bool,
}

/// A key and its text, which is not shown again.
#[derive(Serialize, ToSchema)]
struct NewlyMade {
    #[serde(flatten)]
    shown: ApiKeyView,
    /// Null if the request contained the text.
    key: Option<String>,
}

/// Create a key. It cannot have more rights or a later expiry than the key of the request.
///
/// Returns 201 with the key and its text.
///
/// # Errors
/// The key is not valid or lacks the scope or the rights that it would grant, the body is invalid, the label or
/// text is in use, the user does not exist, or the directory is unreachable.
#[utoipa::path(
    post,
    path = "/admin/keys",
    operation_id = "addKey",
    tag = "keys",
    description = "Requires the scope `keys:write`.",
    request_body = KeyRequest,
    responses((status = 201, body = NewlyMade), ApiError),
    security(("admin" = ["keys:write"]))
)]
pub(crate) async fn add(
    admin: AdminKey,
    service: Data<AdminService>,
    request: Json<KeyRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::KeysWrite).await?;
    let rights = admin.rights();
    let request = request.into_inner();
    let is_brought = request.key.is_some();
    let new = NewKey {
        realm: request.realm,
        label: request.label,
        user: request.user,
        scopes: request.scopes,
        dialects: request.dialects,
        audiences: request.audiences,
        expires_at: request.expires_at,
        text: request.key,
        allow_weak: request.allow_weak,
    };
    let (text, key) = admin.run(service.add_key(new, &rights)).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, format!("/admin/keys/{}", key.id())))
        .json(NewlyMade {
            shown: ApiKeyView::from(&key),
            key: (!is_brought).then(|| text.expose_secret().to_owned()),
        }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Where {
    /// Only a key of this realm.
    realm: Option<String>,
}

/// Revoke the key with this label or identifier, so that it is no longer accepted.
///
/// Returns the revoked key.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such key or several, or the directory is unreachable.
#[utoipa::path(
    delete,
    path = "/admin/keys/{key}",
    operation_id = "revokeKey",
    tag = "keys",
    description = "Requires the scope `keys:write`.",
    params(("key" = String, Path, description = "Label, or at least the first six digits of the identifier"), Where),
    responses((status = 200, body = ApiKeyView), ApiError),
    security(("admin" = ["keys:write"]))
)]
pub(crate) async fn revoke(
    admin: AdminKey,
    service: Data<AdminService>,
    key: Path<String>,
    at: Query<Where>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::KeysWrite).await?;
    let revoked = admin
        .run(service.revoke_key(&key, at.realm.as_deref()))
        .await?;
    Ok(HttpResponse::Ok().json(ApiKeyView::from(&revoked)))
}
