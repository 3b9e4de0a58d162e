//! The management listener: whether the gateway lives, whether it can do its work, what it counts,
//! and what administrators may do.

mod admin;
pub(crate) mod metrics;
mod sessions;
mod throttle;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Data, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use isogloss_core::Auth;
use serde_json::json;

/// Whether the gateway can take requests.
#[derive(Clone)]
pub(crate) struct Readiness {
    auth: Auth,
    ending: Arc<AtomicBool>,
}

impl Readiness {
    pub(crate) fn new(auth: Auth) -> Self {
        let ending = Arc::default();
        Self { auth, ending }
    }

    /// From now on the answer is no.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    async fn check(&self) -> Result<(), String> {
        if self.ending.load(Ordering::Relaxed) {
            return Err("shutting down".to_owned());
        }
        self.auth.ready().await.map_err(|error| error.to_string())
    }
}

/// Adds the routes. The application data must hold [`Readiness`], [`Auth`], the directory and the
/// metrics.
pub(crate) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/healthz").route(get().to(health)))
        .service(resource("/readyz").route(get().to(readiness)))
        .configure(metrics::configure)
        .configure(sessions::configure)
        .configure(throttle::configure);
}

/// The process answers.
async fn health() -> impl Responder {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Directory and token store answer too, and nobody has asked us to stop.
async fn readiness(readiness: Data<Readiness>) -> impl Responder {
    match readiness.check().await {
        Ok(()) => HttpResponse::Ok().json(json!({"status": "ok"})),
        Err(reason) => HttpResponse::ServiceUnavailable()
            .json(json!({"status": "unavailable", "reason": reason})),
    }
}
