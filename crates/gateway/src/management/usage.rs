//! `/admin/usage`: which clients use each dialect.

pub(super) mod days;
pub(super) mod users;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query, ServiceConfig, get, resource};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, Scope};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use super::limit;
use crate::admin::timestamp;
use crate::dialects;
use crate::introspection::IntrospectionApi;
use crate::usage::report::{Report, reports};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/usage")
            .route(get().to(list))
            .default_service(no_method("GET")),
    )
    .service(
        resource("/admin/usage/days")
            .route(get().to(days::list))
            .default_service(no_method("GET")),
    )
    .service(
        resource("/admin/usage/users")
            .route(get().to(users::list))
            .default_service(no_method("GET")),
    );
}

/// Whose use is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageQuery {
    /// Only this dialect.
    dialect: Option<String>,
    /// Only clients seen since then: a time such as `2026-11-22T09:00:00Z`, or an age such as `30days`.
    since: Option<String>,
    /// Only further clients: `next` of the dialect on the previous page. Requires `dialect`.
    after: Option<usize>,
    /// Maximum number of clients of each dialect; default: all.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct Reports {
    dialects: Vec<Report>,
}

/// Report which clients use each dialect.
///
/// Returns a report for each dialect.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/usage",
    operation_id = "usage",
    tag = "usage",
    description = "Requires the scope `usage:read`.",
    params(UsageQuery),
    responses((status = 200, body = Reports), ApiError),
    security(("admin" = ["usage:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    introspection: Data<IntrospectionApi>,
    query: Query<UsageQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsageRead).await?;
    let now = auth.now();
    let since = match &query.since {
        None => OffsetDateTime::UNIX_EPOCH,
        Some(text) => timestamp::parse_timestamp_or_age(text, now)
            .ok_or_else(|| ApiError::Malformed(format!("since: {}", timestamp::EXPECTED)))?,
    };
    if query.after.is_some() && query.dialect.is_none() {
        return Err(ApiError::Malformed(
            "after: expected dialect, too".to_owned(),
        ));
    }
    let dialects = dialects::served(&introspection.mounts, query.dialect.as_deref());
    let dialects = dialects
        .map_err(|names| ApiError::Malformed(format!("dialect: expected one of {names}")))?;
    let rows = directory.usage(since).await;
    let rows = rows.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let names: Vec<_> = dialects.iter().map(|(name, _)| name.clone()).collect();
    let last_uses = directory.last_uses(&names).await;
    let last_uses = last_uses.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let mut reports = reports(rows, &last_uses, &dialects, now);
    let limit = query.limit.unwrap_or(usize::MAX);
    for report in &mut reports {
        report.cut(query.after.unwrap_or(0), limit);
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Reports { dialects: reports }))
}
