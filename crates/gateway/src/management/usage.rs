//! `/admin/usage`: which clients use each dialect.

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
use crate::admin::timestamp;
use crate::dialects;
use crate::introspection::IntrospectionApi;
use crate::usage::report::{Report, reports};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/usage")
            .route(get().to(list))
            .default_service(no_method("GET")),
    );
}

/// Whose use is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageQuery {
    /// Sessions of this dialect.
    dialect: Option<String>,
    /// Only clients seen since then: a time such as `2026-11-22T09:00:00Z`, or an age such as `30days`.
    since: Option<String>,
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
    let dialects = dialects::served(&introspection.mounts, query.dialect.as_deref());
    let dialects = dialects
        .map_err(|names| ApiError::Malformed(format!("dialect: expected one of {names}")))?;
    let rows = directory.usage(since).await;
    let rows = rows.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Reports {
            dialects: reports(rows, &dialects, now),
        }))
}
