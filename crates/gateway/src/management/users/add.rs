//! `POST /admin/users`: adds a user.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use isogloss_core::Scope;
use isogloss_core::directory::Patch;
use isogloss_password::Passwords;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::users::{NewUser, UserView, parse_language};
use crate::admin::{AdminError, AdminService};
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(crate) struct NewUserRequest {
    user_name: String,
    /// Name of the organisation; it must exist.
    organisation: String,
    /// At most 72 bytes; null for a user without a password. Required unless there is an authority.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Patch<SecretString>,
    /// The authority to which the user belongs.
    authority: Option<String>,
    /// The identifier of the user at the authority. Without one, the first login links the user.
    external_id: Option<String>,
    email: Option<String>,
    /// Default: the next free one.
    number: Option<i64>,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    /// URL of a picture.
    #[serde(default)]
    image_url: String,
    /// The language of e-mails to the user, such as `de` or `de-AT`.
    language: Option<String>,
    /// `ADMIN`, `PROJECT_MANAGER` or `LINGUIST`; default: the one with the fewest rights.
    role: Option<String>,
    /// The unit of logins that name none, instead of the organisation's default unit.
    default_unit: Option<String>,
    /// Further units of the user.
    #[serde(default)]
    units: Vec<String>,
}

/// Add a user.
///
/// Returns 201 with the user.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, a name or number is in use, the organisation
/// does not exist, or the directory is unreachable.
#[utoipa::path(
    post,
    path = "/admin/users",
    operation_id = "addUser",
    tag = "users",
    description = "Requires the scope `users:write`.",
    request_body = NewUserRequest,
    responses((status = 201, body = UserView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn add(
    admin: AdminKey,
    service: Data<AdminService>,
    passwords: Data<Passwords>,
    request: Json<NewUserRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let request = request.into_inner();
    let new = NewUser {
        user_name: request.user_name,
        organisation: request.organisation,
        email: request.email,
        number: request.number,
        first_name: request.first_name,
        last_name: request.last_name,
        role: request.role,
        default_unit: request.default_unit,
        units: request.units,
        image_url: request.image_url,
        language: parse_language(request.language.as_deref().unwrap_or_default())?,
        authority: request.authority,
        external_id: request.external_id,
    };
    let password = match request.password {
        Patch::Set(password) => Some(password),
        Patch::Keep if new.authority.is_none() => {
            let reason = "the user needs a password or an authority; \"password\": null is for a user without one";
            return Err(AdminError::Malformed(reason.to_owned()).into());
        }
        Patch::Keep | Patch::Remove => None,
    };
    let checked_user = service.check_new_user(new).await?;
    let adding = service.add_user(checked_user, password, &passwords);
    let user = admin.run(adding).await?;
    Ok(HttpResponse::Created().json(UserView::from(user)))
}
