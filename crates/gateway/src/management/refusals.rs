//! `/admin/refusals` and `/admin/explain`: why requests were refused, what a login would find, and what a token is.

use std::sync::Arc;

use actix_web::web::{Data, Json, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpResponse, http::header};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, Scope};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LONGEST_PAGE;
use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use crate::admin::refusals::{RefusalQuery, RefusalQueryError, RefusalView};
use crate::admin::token_finding::{TokenView, examine};
use crate::admin::trial::{TrialRequest, TrialView};
use crate::introspection::IntrospectionApi;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/refusals")
            .route(get().to(list))
            .default_service(no_method("GET")),
    )
    .service(
        resource("/admin/explain/login")
            .route(post().to(try_login))
            .default_service(no_method("POST")),
    )
    .service(
        resource("/admin/explain/token")
            .route(post().to(examine_token))
            .default_service(no_method("POST")),
    );
}

#[derive(Serialize, ToSchema)]
struct Refusals {
    refusals: Vec<RefusalView>,
}

/// A token to examine.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// The token alone.
    #[schema(value_type = String, format = "password")]
    token: SecretString,
}

type Directories = Data<Arc<dyn Directory>>;

/// List refused requests that match all given filters, latest first, with their true causes.
///
/// Returns at most as many requests as the query allows.
///
/// # Errors
/// The key is not valid or lacks the scope, the query is invalid, or the directory is unreachable.
#[utoipa::path(
    get,
    path = "/admin/refusals",
    operation_id = "listRefusals",
    tag = "refusals",
    description = "Requires the scope `audit:read`.",
    params(RefusalQuery),
    responses((status = 200, body = Refusals), ApiError),
    security(("admin" = ["audit:read"]))
)]
pub(crate) async fn list(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Directories,
    query: Query<RefusalQuery>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::AuditRead).await?;
    let who = match &query.user {
        Some(name) => Some(auth.event_subject(name).await?),
        None => None,
    };
    let query = RefusalQuery {
        limit: query.limit.map(|limit| limit.min(LONGEST_PAGE)),
        ..query.into_inner()
    };
    let refusals = query.find(directory.as_ref().as_ref(), who, auth.now());
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Refusals {
            refusals: refusals.await?,
        }))
}

/// Try a login step by step. No attempt is counted, and no token issued.
///
/// Returns what each step finds.
///
/// # Errors
/// The key is not valid or lacks the scope, the body is invalid, the dialect is not enabled, or a store is unreachable.
#[utoipa::path(
    post,
    path = "/admin/explain/login",
    operation_id = "explainLogin",
    tag = "refusals",
    description = "Requires the scope `users:write`: who may set passwords may try them.",
    request_body = TrialRequest,
    responses((status = 200, body = TrialView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn try_login(
    admin: AdminKey,
    auth: Data<Auth>,
    introspection: Data<IntrospectionApi>,
    trial: Json<TrialRequest>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let trial = trial.into_inner();
    let mount = introspection
        .mounts
        .iter()
        .find(|mount| mount.name == trial.dialect)
        .ok_or_else(|| ApiError::Malformed("dialect: it is not enabled".to_owned()))?;
    let found = admin.run(trial.run_recorded(&auth, mount)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(found))
}

/// Say what a token is. No use of it is recorded.
///
/// Returns what is known of the token.
///
/// # Errors
/// The key is not valid or lacks the scope, the text has the format of no enabled dialect's tokens, or a store is
/// unreachable.
#[utoipa::path(
    post,
    path = "/admin/explain/token",
    operation_id = "explainToken",
    tag = "refusals",
    description = "Requires the scope `sessions:read`.",
    request_body = TokenRequest,
    responses((status = 200, body = TokenView), ApiError),
    security(("admin" = ["sessions:read"]))
)]
pub(crate) async fn examine_token(
    admin: AdminKey,
    auth: Data<Auth>,
    directory: Directories,
    introspection: Data<IntrospectionApi>,
    request: Json<TokenRequest>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::SessionsRead).await?;
    let text = request.token.expose_secret();
    let stores = (auth.as_ref(), directory.as_ref().as_ref());
    let found = examine(text, &introspection.mounts, stores).await?;
    let found = found.ok_or_else(|| {
        let reason = "the text has the format of no token of an enabled dialect";
        ApiError::NotFound(reason.to_owned())
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(found))
}

impl From<RefusalQueryError> for ApiError {
    fn from(error: RefusalQueryError) -> Self {
        match error {
            RefusalQueryError::Malformed(_) => Self::Malformed(error.to_string()),
            RefusalQueryError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}
