//! `PATCH /admin/users/{user}`: who a user is, and where one belongs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use isogloss_core::Scope;
use isogloss_core::directory::{Setting, UserEdit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::Administration;
use crate::admin::users::{Shown, role_named};
use crate::management::api_error::{Admin, Refusal};

/// What is to be otherwise. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserEdit)]
pub(crate) struct EditRequest {
    user_name: Option<String>,
    /// Null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Setting<String>,
    number: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// Address of a picture.
    image_url: Option<String>,
    /// `ADMIN`, `PROJECT_MANAGER` or `LINGUIST`.
    role: Option<String>,
    /// Its name; it must exist. Units of another organisation have to go at once.
    organisation: Option<String>,
    /// The unit of logins that name none; null for the organisation's.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    default_unit: Setting<String>,
    /// All further units to log in to.
    units: Option<Vec<String>>,
}

/// Change a user. Another organisation, or a unit less, ends all of the user's tokens.
#[utoipa::path(
    patch,
    path = "/admin/users/{user}",
    operation_id = "editUser",
    tag = "users",
    description = "Takes the scope `users:write`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier")),
    request_body = EditRequest,
    responses((status = 200, body = Shown), Refusal),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn edit(
    admin: Admin,
    administration: Data<Administration>,
    user: Path<String>,
    request: Json<EditRequest>,
) -> Result<HttpResponse, Refusal> {
    let admin = admin.may(Scope::UsersWrite).await?;
    let request = request.into_inner();
    let edit = UserEdit {
        number: request.number,
        user_name: request.user_name,
        email: request.email,
        first_name: request.first_name,
        last_name: request.last_name,
        image_url: request.image_url,
        role: request.role.as_deref().map(role_named).transpose()?,
        organisation: request.organisation,
        default_unit: request.default_unit,
        units: request.units,
    };
    let user = administration.user(&user).await?;
    let user = admin.act(administration.edit_user(&user, edit)).await?;
    Ok(HttpResponse::Ok().json(Shown::from(user)))
}
