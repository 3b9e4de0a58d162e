//! `/openapi.json` and `/openapi/<dialect>.json`: the documents of this listener and of the dialects.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, ServiceConfig, get, resource};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::api_error::ApiError;
use super::{
    api_error, api_keys, audit, backup, metrics, organisations, refusals, sessions, throttle,
    usage, users,
};
use crate::introspection::{self, IntrospectionApi};

/// The document; each route is described at its handler.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Isogloss, management listener",
        description = "For operators, and for services that check tokens. The routes of each dialect are in a separate document, at `/openapi/<dialect>.json`."
    ),
    paths(
        super::health,
        super::readiness,
        metrics::show,
        sessions::list,
        sessions::end,
        throttle::list,
        throttle::clear,
        api_keys::list,
        api_keys::add,
        api_keys::revoke,
        users::list,
        users::show,
        users::add::add,
        users::summary::summary,
        users::search::search,
        users::edit::edit,
        users::erase::erase,
        users::password::set_password,
        users::invite::invite,
        users::set_state,
        organisations::list,
        organisations::show,
        organisations::add,
        organisations::edit,
        organisations::remove,
        organisations::units::put,
        organisations::units::remove,
        audit::list,
        usage::list,
        refusals::list,
        refusals::try_login,
        refusals::examine_token,
        usage::days::list,
        usage::users::list,
        backup::prepare,
        backup::tokens,
        management,
        dialect
    ),
    components(schemas(api_error::ApiErrorBody))
)]
struct Routes;

/// Returns the OpenAPI document of the management listener.
pub(crate) fn document() -> OpenApi {
    let mut document = Routes::openapi();
    document.merge(introspection::document());
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("admin", "A key of the realm `admin`."),
        ("introspection", "A key of the realm `introspection`."),
    ] {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(description))
            .build();
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some(
            "Any name, with a key of the realm `introspection` as the password.",
        ))
        .build();
    components.add_security_scheme("introspection_basic", SecurityScheme::Http(basic));
    document
}

/// Adds the routes of the OpenAPI documents to `cfg`: `/openapi.json` for the management listener, and
/// `/openapi/{dialect}.json` for each dialect.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/openapi.json").route(get().to(management)))
        .service(resource("/openapi/{dialect}.json").route(get().to(dialect)));
}

/// Returns the OpenAPI document of the management listener.
#[utoipa::path(get, summary = "This document.", path = "/openapi.json", operation_id = "openapi", tag = "documents",
    responses((status = 200, body = Object)))]
pub(crate) async fn management() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

/// Returns the OpenAPI document of an enabled dialect. Fails with 404 if no such dialect is enabled.
#[utoipa::path(get, summary = "The document of an enabled dialect, with its configured path.", path = "/openapi/{dialect}.json", operation_id = "openapiOfDialect", tag = "documents",
    params(("dialect" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = api_error::ApiErrorBody)))]
pub(crate) async fn dialect(
    dialect: Path<String>,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ApiError> {
    let mut mounts = introspection.mounts.iter();
    let mount = mounts.find(|mount| mount.name == *dialect);
    let missing = || ApiError::NotFound(format!("{dialect}: no such dialect is enabled"));
    Ok(HttpResponse::Ok().json(mount.ok_or_else(missing)?.openapi()))
}
