//! `/admin/users/search`: users by the beginning of a name.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use isogloss_core::directory::UserSearch;
use isogloss_core::{Scope, UserState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::admin_key::AdminKey;
use super::super::api_error::ApiError;
use super::super::limit;
use super::UserPageQuery;
use crate::admin::cursors::{format_search_cursor, parse_search_cursor};
use crate::admin::users::UserView;
use crate::admin::{AdminError, AdminService};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserSearchQuery {
    /// The beginning of a user name, an e-mail address, a first or last name, or a number, in upper or lower case. A
    /// first and a last name may follow one another, in either order.
    #[serde(default)]
    #[param(required = true)]
    prefix: String,
    /// Only later users: `next` of the previous page.
    after: Option<String>,
    /// Maximum number of entries; default 100, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
    /// Only users of this organisation, by its name or identifier.
    organisation: Option<String>,
    /// Only users of this role: `ADMIN`, `PROJECT_MANAGER` or `LINGUIST`.
    role: Option<String>,
    /// Only users in this state: `active` or `disabled`.
    #[param(value_type = Option<String>)]
    state: Option<UserState>,
    /// Only users of this authority, including those who were adopted from it.
    authority: Option<String>,
    /// `true`: only users for whom no login was recorded.
    #[serde(default)]
    never_logged_in: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserSearchPage)]
struct FoundPage {
    users: Vec<UserView>,
    /// The start of the next page, if there may be one. A page that few of the users match may be short.
    next: Option<String>,
}

/// Find users by the beginning of a name, ordered by what begins so.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, its organisation does not exist, or the
/// directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/users/search",
    operation_id = "searchUsers",
    tag = "users",
    description = "Requires the scope `users:read`. Unlike the list with `search`, it reads no more users than it finds.",
    params(UserSearchQuery),
    responses((status = 200, body = FoundPage), ApiError),
    security(("admin" = ["users:read"]))
)]
pub(crate) async fn search(
    admin: AdminKey,
    service: Data<AdminService>,
    query: Query<UserSearchQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsersRead).await?;
    if query.prefix.trim().is_empty() {
        return Err(ApiError::Malformed("prefix: expected a text".to_owned()));
    }
    let after = query.after.as_deref().map(|text| {
        let place = parse_search_cursor(text);
        place.ok_or_else(|| {
            ApiError::Malformed("after: expected `next` of the previous page".to_owned())
        })
    });
    let after = after.transpose()?;
    let query = query.into_inner();
    let conditions = UserPageQuery {
        after: None,
        limit: query.limit,
        search: None,
        organisation: query.organisation,
        role: query.role,
        state: query.state,
        authority: query.authority,
        never_logged_in: query.never_logged_in,
    };
    let search = UserSearch {
        prefix: query.prefix,
        filter: conditions.filter(&service).await?,
        after,
        limit: conditions.page_limit(),
    };
    let found = service.directory.find_users(&search).await;
    let found = found.map_err(AdminError::from)?;
    Ok(HttpResponse::Ok().json(FoundPage {
        users: found.users.into_iter().map(UserView::from).collect(),
        next: found.next.as_ref().map(format_search_cursor),
    }))
}
