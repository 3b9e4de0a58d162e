//! `/admin/users`: the users.

pub(super) mod add;
pub(super) mod edit;
pub(super) mod erase;
pub(super) mod invite;
pub(super) mod password;
pub(super) mod search;
pub(super) mod summary;

use actix_web::HttpResponse;
use actix_web::web::{
    Data, Json, Path, Query, ServiceConfig, delete, get, patch, post, put, resource,
};
use isogloss_core::directory::UserFilter;
use isogloss_core::{Scope, UserState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::add::add;
use self::edit::edit;
use self::erase::erase;
use self::invite::invite;
use self::password::set_password;
use self::search::search;
use self::summary::summary;
use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use super::{LONGEST_PAGE, PAGE, limit};
use crate::admin::users::{UserView, parse_role};
use crate::admin::{AdminError, AdminService};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/users")
            .route(get().to(list))
            .route(post().to(add))
            .default_service(no_method("GET, POST")),
    )
    // Before the users: one of this name is found by identifier or e-mail address.
    .service(
        resource("/admin/users/summary")
            .route(get().to(summary))
            .default_service(no_method("GET")),
    )
    .service(
        resource("/admin/users/search")
            .route(get().to(search))
            .default_service(no_method("GET")),
    )
    .service(
        resource("/admin/users/{user}")
            .route(get().to(show))
            .route(patch().to(edit))
            .route(delete().to(erase))
            .default_service(no_method("GET, PATCH, DELETE")),
    )
    .service(
        resource("/admin/users/{user}/password")
            .route(put().to(set_password))
            .default_service(no_method("PUT")),
    )
    .service(
        resource("/admin/users/{user}/invite")
            .route(post().to(invite))
            .default_service(no_method("POST")),
    )
    .service(
        resource("/admin/users/{user}/state")
            .route(put().to(set_state))
            .default_service(no_method("PUT")),
    );
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserPageQuery {
    /// Only users with a greater number: `next` of the previous page.
    after: Option<i64>,
    /// Maximum number of entries; default 100, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
    /// Only users with this text in the user name, the e-mail address, the first and last name, or the number,
    /// in upper or lower case.
    search: Option<String>,
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

impl UserPageQuery {
    fn page_limit(&self) -> u32 {
        self.limit.unwrap_or(PAGE).min(LONGEST_PAGE)
    }

    async fn filter(&self, service: &AdminService) -> Result<UserFilter, AdminError> {
        let organisation = match &self.organisation {
            None => None,
            Some(name) => Some(service.organisation(name).await?.id),
        };
        Ok(UserFilter {
            search: self.search.clone(),
            organisation,
            role: self.role.as_deref().map(parse_role).transpose()?,
            state: self.state,
            authority: self.authority.clone(),
            never_logged_in: self.never_logged_in,
        })
    }
}

#[derive(Serialize, ToSchema)]
struct Users {
    users: Vec<UserView>,
    /// The start of the next page, if there may be one.
    next: Option<i64>,
}

/// List users by number.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, its organisation does not exist, or the
/// directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/users",
    operation_id = "listUsers",
    tag = "users",
    description = "Requires the scope `users:read`.",
    params(UserPageQuery),
    responses((status = 200, body = Users), ApiError),
    security(("admin" = ["users:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    service: Data<AdminService>,
    page: Query<UserPageQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsersRead).await?;
    let limit = page.page_limit();
    let after = page.after.unwrap_or(i64::MIN);
    let filter = page.filter(&service).await?;
    let users = service.directory.users(&filter, after, limit).await;
    let users = users.map_err(AdminError::from)?;
    let is_full = users.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = users.last().filter(|_| is_full).map(|user| user.number);
    let users = users.into_iter().map(UserView::from).collect();
    Ok(HttpResponse::Ok().json(Users { users, next }))
}

/// A user by name, e-mail address or identifier.
///
/// Returns the user.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such user, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/users/{user}",
    operation_id = "showUser",
    tag = "users",
    description = "Requires the scope `users:read`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    responses((status = 200, body = UserView), ApiError),
    security(("admin" = ["users:read"]))
)]
pub(crate) async fn show(
    admin: AdminKey,
    service: Data<AdminService>,
    user: Path<String>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsersRead).await?;
    let user = service.user_record(&user).await?;
    Ok(HttpResponse::Ok().json(UserView::from(user)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewState {
    /// `active` or `disabled`.
    #[schema(value_type = String)]
    state: UserState,
}

/// Disable a user, which ends all tokens, or enable a user.
///
/// Returns the user in the new state.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, there is no such user, or the directory is
/// unreachable.
#[utoipa::path(
    put,
    path = "/admin/users/{user}/state",
    operation_id = "setState",
    tag = "users",
    description = "Requires the scope `users:write`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    request_body = NewState,
    responses((status = 200, body = UserView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn set_state(
    admin: AdminKey,
    service: Data<AdminService>,
    user: Path<String>,
    request: Json<NewState>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let mut user = service.user_record(&user).await?;
    admin.run(service.set_state(&user, request.state)).await?;
    user.user.state = request.state;
    Ok(HttpResponse::Ok().json(UserView::from(user)))
}
