//! `/admin/usage/days`: how often each dialect was used, day by day.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query};
use isogloss_core::directory::Directory;
use isogloss_core::usage::DayFilter;
use isogloss_core::{Auth, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::admin_key::AdminKey;
use super::super::api_error::ApiError;
use super::super::{LONGEST_PAGE, limit};
use crate::dialects;
use crate::usage::days::{DayView, format_cursor, parse_cursor, parse_day, recent};

/// Default number of rows: those of all dialects for the days of the default period.
const PAGE: u32 = 400;

const DAY: &str = "expected a day such as 2026-11-22";

/// Which days are meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DaysQuery {
    /// Only this dialect.
    dialect: Option<String>,
    /// The first day in UTC, such as `2026-11-22`; default: 90 days ago.
    since: Option<String>,
    /// The last day in UTC; default: today.
    until: Option<String>,
    /// `true`: a row for each client, rather than one for all clients of a day.
    #[serde(default)]
    clients: bool,
    /// Only later rows: `next` of the previous page.
    after: Option<String>,
    /// Maximum number of entries; default 400, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Days {
    days: Vec<DayView>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

/// List how often each dialect was used, day by day, the first day first.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/usage/days",
    operation_id = "usageDays",
    tag = "usage",
    description = "Requires the scope `usage:read`.",
    params(DaysQuery),
    responses((status = 200, body = Days), ApiError),
    security(("admin" = ["usage:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    query: Query<DaysQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsageRead).await?;
    let limit = query.limit.unwrap_or(PAGE).min(LONGEST_PAGE);
    let malformed = |what: &str, expected: &str| ApiError::Malformed(format!("{what}: {expected}"));
    let day = |what: &str, text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| parse_day(text).ok_or_else(|| malformed(what, DAY)))
            .transpose()
    };
    if let Some(dialect) = &query.dialect {
        dialects::served(&[], Some(dialect))
            .map_err(|names| ApiError::Malformed(format!("dialect: expected one of {names}")))?;
    }
    let after = query.after.as_deref();
    let after = after.map(|text| {
        parse_cursor(text).ok_or_else(|| malformed("after", "expected `next` of the previous page"))
    });
    let default = recent(auth.now(), limit);
    let filter = DayFilter {
        dialect: query.dialect.clone(),
        since: day("since", &query.since)?.unwrap_or(default.since),
        until: day("until", &query.until)?.unwrap_or(default.until),
        is_by_client: query.clients,
        after: after.transpose()?,
        ..default
    };
    let days = directory.usage_days(&filter).await;
    let days = days.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let is_full = days.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = days.last().filter(|_| is_full);
    let next = next.map(|last| format_cursor(&last.cursor));
    let days = days.into_iter().map(DayView::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Days { days, next }))
}
