//! `/admin/sessions`: lists and ends sessions.

use std::sync::Arc;

use actix_web::web::{Data, Query, ServiceConfig, delete, get, resource};
use actix_web::{HttpResponse, http::header};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, AuthError, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use crate::admin::sessions::{LIMIT, SessionQuery, SessionQueryError, SessionView, format_cursor};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/sessions")
            .route(get().to(list))
            .route(delete().to(end))
            .default_service(no_method("DELETE, GET")),
    );
}

#[derive(Serialize, ToSchema)]
struct Sessions {
    sessions: Vec<SessionView>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Ended {
    /// How many.
    ended: u64,
}

type Directories = Data<Arc<dyn Directory>>;

/// List live sessions that match all given filters, latest login first.
///
/// Returns at most as many sessions as the query allows.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, its user does not exist, or a store is
/// unreachable.
#[utoipa::path(
    get,
    path = "/admin/sessions",
    operation_id = "listSessions",
    tag = "sessions",
    description = "Requires the scope `sessions:read`.",
    params(SessionQuery),
    responses((status = 200, body = Sessions), ApiError),
    security(("admin" = ["sessions:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Directories,
    query: Query<SessionQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::SessionsRead).await?;
    let filter = query.filter(directory.as_ref().as_ref()).await?;
    let limit = query.limit.unwrap_or(LIMIT);
    let page = auth.session_page(&filter, query.cursor()?, limit).await?;
    let next = page.next.map(format_cursor);
    let shown: Result<Vec<_>, _> = page.sessions.into_iter().map(SessionView::new).collect();
    let shown = shown.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Sessions {
            sessions: shown,
            next,
        }))
}

/// End the sessions that match all given filters.
///
/// Returns the number of ended sessions.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid or has no filter, its user does not exist, or
/// a store is unreachable.
#[utoipa::path(
    delete,
    path = "/admin/sessions",
    operation_id = "endSessions",
    tag = "sessions",
    description = "Requires the scope `sessions:write`.",
    params(SessionQuery),
    responses((status = 200, body = Ended), ApiError),
    security(("admin" = ["sessions:write"]))
)]
pub(crate) async fn end(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Directories,
    query: Query<SessionQuery>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::SessionsWrite).await?;
    if !query.is_explicit() {
        let reason = "choose sessions with filters, or set all=true";
        return Err(ApiError::Malformed(reason.to_owned()));
    }
    if query.after.is_some() {
        return Err(ApiError::Malformed("after is for lists".to_owned()));
    }
    let filter = query.filter(directory.as_ref().as_ref()).await?;
    let ended = admin.run(auth.end_sessions(&filter)).await?;
    tracing::info!(ended, "an administrator ended sessions");
    Ok(HttpResponse::Ok().json(Ended { ended }))
}

impl From<SessionQueryError> for ApiError {
    fn from(error: SessionQueryError) -> Self {
        match error {
            SessionQueryError::UnknownUser(_) => Self::NotFound(error.to_string()),
            SessionQueryError::Malformed(reason) => Self::Malformed(reason),
            SessionQueryError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
