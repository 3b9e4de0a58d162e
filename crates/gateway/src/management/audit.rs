//! `/admin/audit`: the audit log.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query, ServiceConfig, get, resource};
use isogloss_core::audit::{EventFilter, EventKind, EventSearch, Outcome};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use super::{LONGEST_PAGE, PAGE, limit};
use crate::admin::cursors::{format_event_cursor, parse_event_cursor};
use crate::admin::timestamp;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/audit")
            .route(get().to(list))
            .default_service(no_method("GET")),
    );
}

/// Whether events are kept in the table that this route reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsAuditStored(pub(crate) bool);

/// Which events are meant: those to which all of it applies.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Events about this user or acts of the user (name, e-mail address or identifier), and attempts with this name.
    user: Option<String>,
    /// Events of this kind, such as `login`.
    event: Option<String>,
    /// `done` or `refused`.
    outcome: Option<String>,
    /// Events of this dialect.
    dialect: Option<String>,
    /// Events of clients with this address.
    source: Option<String>,
    /// Only events since then: a time such as `2026-11-22T09:00:00Z`, or an age such as `30days`.
    since: Option<String>,
    /// Only events before then.
    until: Option<String>,
    /// Only earlier events: `next` of the previous page.
    after: Option<String>,
    /// Maximum number of entries; default 100, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Events {
    /// As `docs/audit.md` describes them.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Value>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

impl AuditQuery {
    /// Returns the search for these events. Fails if a value is malformed, or if the directory is unavailable.
    async fn search(&self, auth: &Auth) -> Result<EventSearch, ApiError> {
        let malformed =
            |what: &str, expected: &str| ApiError::Malformed(format!("{what}: {expected}"));
        let now = auth.now();
        let moment =
            |what: &str, text: &Option<String>| -> Result<Option<OffsetDateTime>, ApiError> {
                let Some(text) = text else { return Ok(None) };
                let moment = timestamp::parse_timestamp_or_age(text, now);
                moment
                    .map(Some)
                    .ok_or_else(|| malformed(what, timestamp::EXPECTED))
            };
        let event = self.event.as_deref().map(|name| {
            EventKind::from_name(name).ok_or_else(|| malformed("event", "no such kind of event"))
        });
        let outcome = self.outcome.as_deref().map(|name| {
            Outcome::from_name(name).ok_or_else(|| malformed("outcome", "expected done or refused"))
        });
        let after = self.after.as_deref().map(|text| {
            parse_event_cursor(text)
                .ok_or_else(|| malformed("after", "expected `next` of the previous page"))
        });
        let (event, outcome, after) =
            (event.transpose()?, outcome.transpose()?, after.transpose()?);
        let (since, until) = (moment("since", &self.since)?, moment("until", &self.until)?);
        let who = match &self.user {
            None => None,
            Some(name) => Some(auth.event_subject(name).await?),
        };
        let filter = EventFilter {
            who,
            event,
            since,
            limit: self.limit.unwrap_or(PAGE).min(LONGEST_PAGE),
        };
        Ok(EventSearch {
            filter,
            until,
            outcome,
            dialect: self.dialect.clone(),
            source: self.source.clone(),
            after,
        })
    }
}

/// List events of the audit log, the latest first.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, events are not kept in the database, or it is
/// unreachable.
#[utoipa::path(
    get,
    path = "/admin/audit",
    operation_id = "listEvents",
    tag = "audit",
    description = "Requires the scope `audit:read`, and `audit.database = true`; otherwise, the response is 404.",
    params(AuditQuery),
    responses((status = 200, body = Events), ApiError),
    security(("admin" = ["audit:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    is_stored: Data<IsAuditStored>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::AuditRead).await?;
    let search = query.search(&auth).await?;
    if !is_stored.0 {
        let reason = "audit.database is false: events are not kept in the database";
        return Err(ApiError::NotFound(reason.to_owned()));
    }
    let found = directory.search_events(&search).await;
    let found = found.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let is_full = found.len() == usize::try_from(search.filter.limit).unwrap_or(usize::MAX);
    let last = found.last().filter(|_| is_full);
    let next = last.map(|last| format_event_cursor(last.cursor));
    let events = found.iter().map(|event| serde_json::from_str(&event.line));
    let events: Result<Vec<_>, _> = events.collect();
    let events = events.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Events { events, next }))
}
