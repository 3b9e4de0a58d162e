//! `/admin/organisations`: the organisations of users.

pub(super) mod units;

use actix_web::HttpResponse;
use actix_web::web::{
    Data, Json, Path, Query, ServiceConfig, delete, get, patch, post, put, resource,
};
use isogloss_core::Scope;
use isogloss_core::directory::{OrganisationEdit, OrganisationEntry, Patch, UnitEntry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use super::{LONGEST_PAGE, PAGE, limit};
use crate::admin::AdminService;
use crate::admin::organisations::{OrganisationPage, OrganisationView};

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/organisations")
            .route(get().to(list))
            .route(post().to(add))
            .default_service(no_method("GET, POST")),
    )
    .service(
        resource("/admin/organisations/{organisation}")
            .route(get().to(show))
            .route(patch().to(edit))
            .route(delete().to(remove))
            .default_service(no_method("GET, PATCH, DELETE")),
    )
    .service(
        resource("/admin/organisations/{organisation}/units/{unit}")
            .route(put().to(units::put))
            .route(delete().to(units::remove))
            .default_service(no_method("PUT, DELETE")),
    );
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrganisationPageQuery {
    /// Only organisations with later names: `next` of the previous page.
    #[serde(default)]
    after: String,
    /// Only organisations with this text in the name, in upper or lower case.
    search: Option<String>,
    /// Maximum number of entries; default 100, at most 1000.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Organisations {
    organisations: Vec<OrganisationView>,
    /// The start of the next page, if there may be one.
    next: Option<String>,
}

/// List organisations by name, with their units.
///
/// Returns a page, and the start of the next one.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/organisations",
    operation_id = "listOrganisations",
    tag = "organisations",
    description = "Requires the scope `organisations:read`.",
    params(OrganisationPageQuery),
    responses((status = 200, body = Organisations), ApiError),
    security(("admin" = ["organisations:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    service: Data<AdminService>,
    page: Query<OrganisationPageQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::OrganisationsRead).await?;
    let limit = page.limit.unwrap_or(PAGE).min(LONGEST_PAGE);
    let search = page.search.as_deref();
    let listed = service.organisations(search, &page.after, limit).await?;
    let OrganisationPage { listed, next } = listed;
    let organisations = listed.into_iter().map(OrganisationView::from).collect();
    Ok(HttpResponse::Ok().json(Organisations {
        organisations,
        next,
    }))
}

/// An organisation by name or identifier.
///
/// Returns the organisation.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such organisation, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/organisations/{organisation}",
    operation_id = "showOrganisation",
    tag = "organisations",
    description = "Requires the scope `organisations:read`.",
    params(("organisation" = String, Path, description = "Name or identifier")),
    responses((status = 200, body = OrganisationView), ApiError),
    security(("admin" = ["organisations:read"]))
)]
pub(crate) async fn show(
    admin: AdminKey,
    service: Data<AdminService>,
    organisation: Path<String>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::OrganisationsRead).await?;
    let organisation = service.organisation(&organisation).await?;
    Ok(HttpResponse::Ok().json(OrganisationView::from(organisation)))
}

/// A new organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrganisation)]
pub(crate) struct OrganisationRequest {
    /// The name as logins spell it.
    name: String,
    /// Default: a random one.
    id: Option<Uuid>,
    /// The default unit of users without a unit.
    default_unit: Option<String>,
    #[serde(default)]
    units: Vec<UnitRequest>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUnit)]
pub(crate) struct UnitRequest {
    /// Unique over all organisations.
    id: String,
    #[serde(default)]
    name: String,
}

/// Add an organisation.
///
/// Returns 201 with the organisation.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, a name or identifier is in use, or the
/// directory is unreachable.
#[utoipa::path(
    post,
    path = "/admin/organisations",
    operation_id = "addOrganisation",
    tag = "organisations",
    description = "Requires the scope `organisations:write`.",
    request_body = OrganisationRequest,
    responses((status = 201, body = OrganisationView), ApiError),
    security(("admin" = ["organisations:write"]))
)]
pub(crate) async fn add(
    admin: AdminKey,
    service: Data<AdminService>,
    request: Json<OrganisationRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::OrganisationsWrite).await?;
    let request = request.into_inner();
    let units = request.units.into_iter();
    let new = OrganisationEntry {
        id: request.id.unwrap_or_else(Uuid::new_v4),
        name: request.name,
        default_unit: request.default_unit,
        units: units
            .map(|UnitRequest { id, name }| UnitEntry { id, name })
            .collect(),
    };
    let added = admin.run(service.add_organisation(new)).await?;
    Ok(HttpResponse::Created().json(OrganisationView::from(added)))
}

/// The changes. Members that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationEdit)]
pub(crate) struct OrganisationEditRequest {
    name: Option<String>,
    /// One of its units; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    default_unit: Patch<String>,
}

/// Change an organisation's name or default unit.
///
/// Returns the new state.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, there is no such organisation, the name is in
/// use, or the directory is unreachable.
#[utoipa::path(
    patch,
    path = "/admin/organisations/{organisation}",
    operation_id = "editOrganisation",
    tag = "organisations",
    description = "Requires the scope `organisations:write`.",
    params(("organisation" = String, Path, description = "Name or identifier")),
    request_body = OrganisationEditRequest,
    responses((status = 200, body = OrganisationView), ApiError),
    security(("admin" = ["organisations:write"]))
)]
pub(crate) async fn edit(
    admin: AdminKey,
    service: Data<AdminService>,
    organisation: Path<String>,
    request: Json<OrganisationEditRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::OrganisationsWrite).await?;
    let OrganisationEditRequest { name, default_unit } = request.into_inner();
    let organisation = service.organisation(&organisation).await?;
    let edit = OrganisationEdit { name, default_unit };
    let edited = admin.run(service.edit_organisation(&organisation, edit));
    Ok(HttpResponse::Ok().json(OrganisationView::from(edited.await?)))
}

/// Remove an organisation without users, and its units.
///
/// Returns 204.
///
/// # Errors
/// The key is not valid or lacks the scope, there is no such organisation or it has users, or the directory is
/// unreachable.
#[utoipa::path(
    delete,
    path = "/admin/organisations/{organisation}",
    operation_id = "removeOrganisation",
    tag = "organisations",
    description = "Requires the scope `organisations:write`.",
    params(("organisation" = String, Path, description = "Name or identifier")),
    responses((status = 204), ApiError),
    security(("admin" = ["organisations:write"]))
)]
pub(crate) async fn remove(
    admin: AdminKey,
    service: Data<AdminService>,
    organisation: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::OrganisationsWrite).await?;
    let organisation = service.organisation(&organisation).await?;
    admin
        .run(service.remove_organisation(&organisation))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
