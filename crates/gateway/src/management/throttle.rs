//! `/admin/throttle`: lists and clears counted attempts.

use actix_web::web::{Data, Query, ServiceConfig, delete, get, resource};
use actix_web::{HttpResponse, http::header};
use isogloss_core::{Auth, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use crate::admin::throttle::{ThrottleQuery, ThrottleView, format_place};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/throttle")
            .route(get().to(list))
            .route(delete().to(clear))
            .default_service(no_method("DELETE, GET")),
    );
}

#[derive(Serialize, ToSchema)]
struct Throttle {
    throttle: Vec<ThrottleView>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Cleared {
    /// How many.
    cleared: u64,
}

/// List counted attempts, running locks first.
///
/// Returns a page of the counted attempts.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the store of the counts is unreachable.
#[utoipa::path(
    get,
    path = "/admin/throttle",
    operation_id = "listThrottle",
    tag = "throttle",
    description = "Requires the scope `throttle:read`.",
    params(ThrottleQuery),
    responses((status = 200, body = Throttle), ApiError),
    security(("admin" = ["throttle:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    query: Query<ThrottleQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::ThrottleRead).await?;
    let listed = query.to_list().map_err(malformed)?;
    let page = auth.throttle_page(&listed).await?;
    let next = page.next.map(format_place);
    let shown: Result<Vec<_>, _> = page.buckets.into_iter().map(ThrottleView::new).collect();
    let shown = shown.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Throttle {
            throttle: shown,
            next,
        }))
}

/// Clear counted attempts and their locks that match all given filters.
///
/// Returns the number of cleared entries. Only `all` clears entries that are in no list.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid or has no filter, or the store of the counts
/// is unreachable.
#[utoipa::path(
    delete,
    path = "/admin/throttle",
    operation_id = "clearThrottle",
    tag = "throttle",
    description = "Requires the scope `throttle:write`.",
    params(ThrottleQuery),
    responses((status = 200, body = Cleared), ApiError),
    security(("admin" = ["throttle:write"]))
)]
pub(crate) async fn clear(
    admin: AdminKey,
    auth: Data<Auth>,
    query: Query<ThrottleQuery>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::ThrottleWrite).await?;
    if !query.is_explicit() {
        let reason = "choose entries with user, source or handle, or set all=true";
        return Err(ApiError::Malformed(reason.to_owned()));
    }
    let filter = query.to_clear().map_err(malformed)?;
    let cleared = admin.run(auth.clear_throttle(&filter)).await?;
    tracing::info!(cleared, "an administrator cleared counted attempts");
    Ok(HttpResponse::Ok().json(Cleared { cleared }))
}

fn malformed(reason: &str) -> ApiError {
    ApiError::Malformed(reason.to_owned())
}
