//! The management listener: whether the gateway lives, whether it can do its work, what it counts,
//! and what administrators may do.

mod admin;
mod app;
mod backup;
mod keys;
pub(crate) mod metrics;
mod openapi;
mod organisations;
mod received;
mod sessions;
mod throttle;
mod usage;
mod users;

pub(crate) use self::openapi::document;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Data, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use isogloss_core::Auth;
use isogloss_core::store::StoreHealth;
use serde_json::{Value, json};

pub(crate) use self::app::{Ingredients, app};
use crate::fitness::Fitness;

/// How many users or organisations a page has, unless it is said, and at the most.
const PAGE: u32 = 100;
const LONGEST_PAGE: u32 = 1000;

/// Whether the gateway can take requests.
#[derive(Clone)]
pub(crate) struct Readiness {
    auth: Auth,
    fitness: Arc<Fitness>,
    ending: Arc<AtomicBool>,
}

impl Readiness {
    pub(crate) fn new(auth: Auth, fitness: Arc<Fitness>) -> Self {
        Self {
            auth,
            fitness,
            ending: Arc::default(),
        }
    }

    /// From now on the answer is no.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// What was found behind the token store; or why the gateway is not ready, and what was found.
    async fn check(&self) -> Result<StoreHealth, (String, Option<Value>)> {
        if self.ending.load(Ordering::Relaxed) {
            return Err(("shutting down".to_owned(), None));
        }
        let ready = self.auth.ready().await;
        let health = match ready {
            Ok(()) => self.fitness.look().await,
            Err(error) => Err(error),
        };
        match health {
            Ok(health) if health.is_refused() => {
                let reason = health.findings.first().map(|finding| &finding.text);
                let reason = format!("token store: {}", reason.map_or("", String::as_str));
                Err((reason, found(&health)))
            }
            Ok(health) => Ok(health),
            Err(error) => {
                self.fitness.forget().await;
                let reachable = self.fitness.is_reachable().await;
                Err((error.to_string(), Some(json!({"reachable": reachable}))))
            }
        }
    }
}

/// Nothing, if there are no servers behind the store.
fn found(health: &StoreHealth) -> Option<Value> {
    let StoreHealth { servers, findings } = health;
    let found = json!({"reachable": true, "servers": servers, "findings": findings});
    (!servers.is_empty()).then_some(found)
}

/// How the gateway is, as far as probes are concerned.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct Health {
    /// `ok` or `unavailable`.
    status: String,
    /// Why it is unavailable.
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What was found behind the token store.
    #[schema(nullable = false, value_type = Option<Object>)]
    token_store: Option<Value>,
    /// The digest keys of the directory that no pepper opens, if there are any.
    #[schema(nullable = false, value_type = Option<Object>)]
    directory: Option<Value>,
}

/// Adds the routes. The application data must hold [`Readiness`], [`Auth`], the directory and the
/// metrics.
fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/healthz").route(get().to(health)))
        .service(resource("/readyz").route(get().to(readiness)))
        .configure(metrics::configure)
        .configure(received::configure)
        .configure(openapi::configure)
        .configure(sessions::configure)
        .configure(throttle::configure)
        .configure(keys::configure)
        .configure(usage::configure)
        .configure(backup::configure)
        .configure(users::configure)
        .configure(organisations::configure)
        .configure(admin::configure);
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "health",
    responses((status = 200, body = Health)))]
pub(crate) async fn health() -> impl Responder {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Whether directory and token store answer too and are fit, and nobody has asked the gateway to stop.
#[utoipa::path(get, path = "/readyz", operation_id = "readiness", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(crate) async fn readiness(readiness: Data<Readiness>) -> impl Responder {
    let (mut answer, mut body, found) = match readiness.check().await {
        Ok(health) => (HttpResponse::Ok(), json!({"status": "ok"}), found(&health)),
        Err((reason, found)) => (
            HttpResponse::ServiceUnavailable(),
            json!({"status": "unavailable", "reason": reason}),
            found,
        ),
    };
    if let Some(found) = found {
        body["token_store"] = found;
    }
    let unreadable = readiness.auth.unreadable_digest_keys();
    if !unreadable.is_empty() {
        body["directory"] = json!({"unreadable_digest_keys": unreadable});
    }
    answer.json(body)
}
