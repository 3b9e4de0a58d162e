//! `PUT /admin/users/{user}/password`: sets a password.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use isogloss_core::Scope;
use isogloss_password::Passwords;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::AdminService;
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// At most 72 bytes.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Set a password, and end all of the user's tokens.
///
/// Returns 204.
///
/// # Errors
/// The key is not valid or lacks the scope, the password is invalid, there is no such user, or the directory is
/// unreachable.
#[utoipa::path(
    put,
    path = "/admin/users/{user}/password",
    operation_id = "setPassword",
    tag = "users",
    description = "Requires the scope `users:write`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    request_body = NewPassword,
    responses((status = 204), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn set_password(
    admin: AdminKey,
    service: Data<AdminService>,
    passwords: Data<Passwords>,
    user: Path<String>,
    request: Json<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let user = service.user(&user).await?;
    let password = request.into_inner().password;
    let setting = service.set_password(&user, password, &passwords);
    admin.run(setting).await?;
    Ok(HttpResponse::NoContent().finish())
}
