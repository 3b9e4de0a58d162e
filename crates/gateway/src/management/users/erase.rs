//! `DELETE /admin/users/{user}`: a user and everything that belongs to the user.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use isogloss_core::{Auth, Scope};

use crate::admin::erasure::ErasureView;
use crate::admin::{AdminError, AdminService};
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

/// Erase a user: rows, credentials, tokens, and counted attempts. In the audit log's table, a pseudonym replaces
/// the user. No import of an older file brings the user back; adding a user with that name does.
///
/// Returns what was erased.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such user, or a store is unreachable.
#[utoipa::path(
    delete,
    path = "/admin/users/{user}",
    operation_id = "eraseUser",
    tag = "users",
    description = "Requires the scope `users:write`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    responses((status = 200, body = ErasureView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn erase(
    admin: AdminKey,
    service: Data<AdminService>,
    auth: Data<Auth>,
    user: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let user = service.user(&user).await?;
    let erasure = admin
        .run(auth.erase(&user))
        .await
        .map_err(AdminError::from)?;
    Ok(HttpResponse::Ok().json(ErasureView::new(&user, &erasure)))
}
