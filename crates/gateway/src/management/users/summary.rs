//! `GET /admin/users/summary`: how many users there are.

use actix_web::HttpResponse;
use actix_web::web::Data;
use isogloss_core::Scope;

use crate::admin::AdminService;
use crate::admin::users::summary::SummaryView;
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

/// Count the users by authority and state.
///
/// Returns the counts: also of users without a password, with a hash of another system, and without a login.
///
/// # Errors
/// The key is not valid or lacks the scope, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/users/summary",
    operation_id = "summarizeUsers",
    tag = "users",
    description = "Requires the scope `users:read`.",
    responses((status = 200, body = SummaryView), ApiError),
    security(("admin" = ["users:read"]))
)]
pub(crate) async fn summary(
    admin: AdminKey,
    service: Data<AdminService>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::UsersRead).await?;
    Ok(HttpResponse::Ok().json(service.user_summary().await?))
}
