//! `/admin/usage`: who uses which dialect.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query, ServiceConfig, get, resource};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, Scope};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::admin::{Admin, Refusal, no_method};
use crate::backends::Backends;
use crate::dialects;
use crate::moment;
use crate::usage::report::reports;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/usage")
            .route(get().to(list))
            .default_service(no_method("GET")),
    );
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    /// Only that dialect.
    dialect: Option<String>,
    /// A span like `30days`, or a moment.
    since: Option<String>,
}

/// Who uses which dialect.
#[utoipa::path(
    get,
    path = "/admin/usage",
    operation_id = "usage",
    tag = "usage",
    description = "Takes the scope `usage:read`.",
    params(Selection),
    responses((status = 200, body = Object), Refusal),
    security(("admin" = ["usage:read"]))
)]
pub(crate) async fn list(
    admin: Admin,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    backends: Data<Backends>,
    selection: Query<Selection>,
) -> Result<HttpResponse, Refusal> {
    admin.may(Scope::UsageRead).await?;
    let now = auth.now();
    let since = match &selection.since {
        None => OffsetDateTime::UNIX_EPOCH,
        Some(text) => moment::read(text, now)
            .ok_or_else(|| Refusal::Malformed(format!("since: {}", moment::EXPECTED)))?,
    };
    let dialects = dialects::served(&backends.mounts, selection.dialect.as_deref());
    let dialects = dialects
        .map_err(|names| Refusal::Malformed(format!("dialect: expected one of {names}")))?;
    let rows = directory.usage(since).await;
    let rows = rows.map_err(|error| Refusal::Unavailable(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "dialects": reports(rows, &dialects, now) })))
}
