//! `/admin/organisations/{organisation}/units`: the units of an organisation.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use isogloss_core::Scope;
use isogloss_core::directory::UnitEntry;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::AdminService;
use crate::admin::organisations::OrganisationView;
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameOfUnit {
    #[serde(default)]
    name: String,
}

/// Add or rename a unit.
///
/// Returns the organisation with the unit.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, there is no such organisation, another one has
/// the unit, or the directory is unreachable.
#[utoipa::path(
    put,
    path = "/admin/organisations/{organisation}/units/{unit}",
    operation_id = "putUnit",
    tag = "organisations",
    description = "Requires the scope `organisations:write`.",
    params(
        ("organisation" = String, Path, description = "Name or identifier"),
        ("unit" = String, Path, description = "Identifier of the unit")
    ),
    request_body = NameOfUnit,
    responses((status = 200, body = OrganisationView), ApiError),
    security(("admin" = ["organisations:write"]))
)]
pub(crate) async fn put(
    admin: AdminKey,
    service: Data<AdminService>,
    path: Path<(String, String)>,
    request: Json<NameOfUnit>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::OrganisationsWrite).await?;
    let (organisation, id) = path.into_inner();
    let name = request.into_inner().name;
    let organisation = service.organisation(&organisation).await?;
    let unit = UnitEntry { id, name };
    let changed = admin.run(service.put_unit(&organisation, unit));
    Ok(HttpResponse::Ok().json(OrganisationView::from(changed.await?)))
}

/// Remove a unit without users.
///
/// Returns 204.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such organisation or unit, the unit has users, or the
/// directory is unreachable.
#[utoipa::path(
    delete,
    path = "/admin/organisations/{organisation}/units/{unit}",
    operation_id = "removeUnit",
    tag = "organisations",
    description = "Requires the scope `organisations:write`.",
    params(
        ("organisation" = String, Path, description = "Name or identifier"),
        ("unit" = String, Path, description = "Identifier of the unit")
    ),
    responses((status = 204), ApiError),
    security(("admin" = ["organisations:write"]))
)]
pub(crate) async fn remove(
    admin: AdminKey,
    service: Data<AdminService>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::OrganisationsWrite).await?;
    let (organisation, unit) = path.into_inner();
    let organisation = service.organisation(&organisation).await?;
    admin.run(service.remove_unit(&organisation, &unit)).await?;
    Ok(HttpResponse::NoContent().finish())
}
