//! `/admin/usage`: who uses which dialect.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query, ServiceConfig, get, resource};
use isogloss_core::Auth;
use isogloss_core::directory::Directory;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::admin::{Admin, Refusal};
use crate::backends::Backends;
use crate::dialects;
use crate::moment;
use crate::usage::report::reports;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/admin/usage").route(get().to(list)));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    dialect: Option<String>,
    since: Option<String>,
}

async fn list(
    _admin: Admin,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    backends: Data<Backends>,
    selection: Query<Selection>,
) -> Result<HttpResponse, Refusal> {
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
