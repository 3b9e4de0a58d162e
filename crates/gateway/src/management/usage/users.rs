//! `/admin/usage/users`: who still uses a dialect, by name.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query};
use isogloss_core::directory::Directory;
use isogloss_core::usage::{UseFilter, UseOf};
use isogloss_core::{Auth, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::admin_key::AdminKey;
use super::super::api_error::ApiError;
use super::super::{LONGEST_PAGE, PAGE, limit};
use crate::admin::{AdminService, timestamp};
use crate::dialects;
use crate::usage::users::{UserUseView, format_cursor, parse_cursor};

/// Whose use is meant: `dialect`, `user`, or both.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsersQuery {
    /// Who uses this dialect.
    dialect: Option<String>,
    /// Which dialects this user uses: name, e-mail address or identifier.
    user: Option<String>,
    /// Only use since then: a time such as `2026-11-22T09:00:00Z`, or an age such as `30days`.
    since: Option<String>,
    /// Only earlier use: `next` of the previous page.
    after: Option<String>,
    /// Maximum number of entries; default 100, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UsersOfDialects)]
struct Users {
    users: Vec<UserUseView>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

/// List who uses a dialect, by name, or which dialects a user uses. The last use comes first.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks a scope, the query is invalid, its user does not exist, or the directory is
/// unreachable.
#[utoipa::path(
    get,
    path = "/admin/usage/users",
    operation_id = "usageUsers",
    tag = "usage",
    description = "Requires the scopes `usage:read` and `users:read`.",
    params(UsersQuery),
    responses((status = 200, body = Users), ApiError),
    security(("admin" = ["usage:read", "users:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Data<Arc<dyn Directory>>,
    service: Data<AdminService>,
    query: Query<UsersQuery>,
) -> Result<HttpResponse, ApiError> {
    admin
        .authorize_all(&[Scope::UsageRead, Scope::UsersRead])
        .await?;
    let malformed = |text: &str| ApiError::Malformed(text.to_owned());
    let limit = query.limit.unwrap_or(PAGE).min(LONGEST_PAGE);
    if let Some(dialect) = &query.dialect {
        dialects::served(&[], Some(dialect))
            .map_err(|names| ApiError::Malformed(format!("dialect: expected one of {names}")))?;
    }
    let since = query.since.as_deref().map(|text| {
        timestamp::parse_timestamp_or_age(text, auth.now())
            .ok_or_else(|| ApiError::Malformed(format!("since: {}", timestamp::EXPECTED)))
    });
    let after = query.after.as_deref().map(|text| {
        parse_cursor(text).ok_or_else(|| malformed("after: expected `next` of the previous page"))
    });
    let of = match (&query.user, &query.dialect) {
        (Some(user), _) => UseOf::User(service.user_record(user).await?.user.id),
        (None, Some(dialect)) => UseOf::Dialect(dialect.clone()),
        (None, None) => return Err(malformed("expected dialect or user")),
    };
    let filter = UseFilter {
        of,
        since: since.transpose()?,
        after: after.transpose()?,
        limit,
    };
    let found = directory.user_uses(&filter).await;
    let found = found.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    let is_full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| is_full).map(format_cursor);
    let is_wanted = |one: &UserUseView| query.dialect.as_ref().is_none_or(|d| *d == one.dialect);
    let users = found.into_iter().map(UserUseView::from).filter(is_wanted);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Users {
            users: users.collect(),
            next,
        }))
}
