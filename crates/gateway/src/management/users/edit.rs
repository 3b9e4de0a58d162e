//! `PATCH /admin/users/{user}`: changes a user's names, address, number, language, role, organisation, units and authority.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use isogloss_core::Scope;
use isogloss_core::directory::{Patch, UserEdit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::AdminService;
use crate::admin::users::{UserView, parse_language, parse_role};
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

/// The changes. Members that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserEdit)]
pub(crate) struct UserEditRequest {
    user_name: Option<String>,
    /// Null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    number: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// URL of a picture.
    image_url: Option<String>,
    /// The language of e-mails to the user, such as `de` or `de-AT`; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Patch<String>,
    /// `ADMIN`, `PROJECT_MANAGER` or `LINGUIST`.
    role: Option<String>,
    /// Name of the organisation; it must exist. Remove units of the previous organisation in the same request.
    organisation: Option<String>,
    /// The unit of logins that name none; null for the organisation's default unit.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    default_unit: Patch<String>,
    /// All further units of the user.
    units: Option<Vec<String>>,
    /// The authority to which the user belongs from now on, or again after an adoption; null for a local user, who
    /// logs in by the stored password.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    authority: Patch<String>,
    /// The identifier of the user at the authority; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    external_id: Patch<String>,
}

/// Change a user. A different organisation, or the removal of a unit, ends all tokens of the user.
///
/// Returns the new state.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, there is no such user or organisation, a name
/// or number is in use, or the directory is unreachable.
#[utoipa::path(
    patch,
    path = "/admin/users/{user}",
    operation_id = "editUser",
    tag = "users",
    description = "Requires the scope `users:write`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    request_body = UserEditRequest,
    responses((status = 200, body = UserView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn edit(
    admin: AdminKey,
    service: Data<AdminService>,
    user: Path<String>,
    request: Json<UserEditRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let request = request.into_inner();
    let edit = UserEdit {
        number: request.number,
        user_name: request.user_name,
        email: request.email,
        first_name: request.first_name,
        last_name: request.last_name,
        image_url: request.image_url,
        language: match request.language {
            Patch::Keep => Patch::Keep,
            Patch::Remove => Patch::Remove,
            Patch::Set(text) => parse_language(&text)?.map_or(Patch::Remove, Patch::Set),
        },
        role: request.role.as_deref().map(parse_role).transpose()?,
        organisation: request.organisation,
        default_unit: request.default_unit,
        units: request.units,
        authority: request.authority,
        external_id: request.external_id,
    };
    let user = service.user(&user).await?;
    let user = admin.run(service.edit_user(&user, edit)).await?;
    Ok(HttpResponse::Ok().json(UserView::from(user)))
}
