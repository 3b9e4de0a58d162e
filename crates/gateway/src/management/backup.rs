//! `/admin/backup`: requests of `isogloss backup` to a running gateway.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, get, post, resource};
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use isogloss_core::{Auth, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::admin_key::AdminKey;
use super::api_error::{ApiError, no_method};
use crate::admin::token_stream::token_stream;
use crate::usage::UsageRecorder;

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/admin/backup")
            .route(post().to(prepare))
            .default_service(no_method("POST")),
    )
    .service(
        resource("/admin/backup/tokens")
            .route(get().to(tokens))
            .default_service(no_method("GET")),
    );
}

#[derive(Serialize, ToSchema)]
struct Prepared {
    /// The memory of the gateway contains no data that a backup needs.
    prepared: bool,
}

/// Write waiting events of the audit log and usage counts to the directory.
///
/// Returns 200 once everything is written.
///
/// # Errors
/// The key is not valid or lacks the scope, or a store did not accept everything in time.
#[utoipa::path(
    post,
    path = "/admin/backup",
    operation_id = "prepareBackup",
    tag = "backup",
    description = "Requires the scope `backup:read`.",
    responses((status = 200, body = Prepared), ApiError),
    security(("admin" = ["backup:read"]))
)]
pub(crate) async fn prepare(
    admin: AdminKey,
    auth: Data<Auth>,
    usage: Data<UsageRecorder>,
    directory: Data<Arc<dyn Directory>>,
) -> Result<HttpResponse, ApiError> {
    admin.authorize(Scope::BackupRead).await?;
    let flushed = usage.flush(directory.as_ref().clone()).await;
    flushed.map_err(|error| ApiError::Unavailable(error.to_string()))?;
    if !auth.audit().flush().await {
        let reason = "events of the audit log could not be written in time";
        return Err(ApiError::Unavailable(reason.to_owned()));
    }
    Ok(HttpResponse::Ok().json(Prepared { prepared: true }))
}

/// All tokens, as digests, in the format of a backup.
///
/// Returns the stream of a backup. It ends without the end mark if the store fails.
///
/// # Errors
/// The key is not valid or lacks the scope.
#[utoipa::path(
    get,
    path = "/admin/backup/tokens",
    operation_id = "backUpTokens",
    tag = "backup",
    description = "Requires the scope `backup:read`. A response without the end mark is truncated.",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), ApiError),
    security(("admin" = ["backup:read"]))
)]
pub(crate) async fn tokens(
    admin: AdminKey,
    auth: Data<Auth>,
    tokens: Data<Arc<dyn TokenStore>>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::BackupRead).await?;
    let event = admin.run(async {
        Event {
            target: Some("tokens".to_owned()),
            ..Event::new(EventKind::BackUp, auth.now())
        }
    });
    auth.audit().record(event.await);
    tracing::info!("an administrator backs up all tokens");
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/octet-stream")
        .streaming(token_stream(tokens.get_ref().clone())))
}
