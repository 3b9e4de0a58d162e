//! The management listener: whether the gateway lives, whether it can do its work, what it counts,
//! and what administrators may do.

mod admin_key;
mod api_error;
mod api_keys;
mod app;
mod audit;
mod backup;
mod extractors;
pub(crate) mod metrics;
mod openapi;
mod organisations;
mod refusals;
mod sessions;
mod throttle;
mod usage;
mod users;

pub(crate) use self::audit::IsAuditStored;
pub(crate) use self::extractors::limit;

pub(crate) use self::openapi::document;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use isogloss_core::Auth;
use isogloss_core::authority::AuthorityStatus;
use isogloss_core::store::{Finding, StoreHealth};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

pub(crate) use self::app::{ManagementState, app};
use crate::http::drain::Drain;
use crate::store_health::{Health, StoreHealthMonitor};

/// Default and maximum number of users or organisations on a page.
const PAGE: u32 = 100;
const LONGEST_PAGE: u32 = 1000;

/// Whether the gateway can take requests.
#[derive(Clone)]
pub(crate) struct Readiness {
    auth: Auth,
    store_health_monitor: Arc<StoreHealthMonitor>,
    drain: Drain,
}

impl Readiness {
    /// Returns the readiness of a gateway that is not shutting down.
    pub(crate) fn new(auth: Auth, store_health_monitor: Arc<StoreHealthMonitor>) -> Self {
        Self {
            auth,
            store_health_monitor,
            drain: Drain::default(),
        }
    }

    /// Makes `/readyz` respond with 503 from now on.
    pub(crate) fn end(&self) {
        self.drain.begin();
    }

    /// Returns the flag that the applications of both listeners share, which is set at the shutdown.
    pub(crate) fn drain(&self) -> Drain {
        self.drain.clone()
    }

    /// Returns why the gateway is not ready, or `None` if it is, and the findings of the stores.
    pub(crate) async fn check(&self) -> (Option<String>, StoreFindings) {
        if self.drain.has_begun() {
            return (Some("shutting down".to_owned()), StoreFindings::default());
        }
        let ready = self.auth.ready().await;
        let health = match ready {
            Ok(()) => self.store_health_monitor.check().await,
            Err(error) => Err(error),
        };
        match health {
            Ok(health) => (health.refusal(), StoreFindings::from(health)),
            Err(error) => {
                self.store_health_monitor.invalidate().await;
                let reachable = self.store_health_monitor.is_reachable().await;
                let found = StoreFindings {
                    token_store: Some(json!({"reachable": reachable})),
                    ..StoreFindings::default()
                };
                (Some(error.to_string()), found)
            }
        }
    }
}

/// Findings as `/readyz` shows them; empty if there are none.
#[derive(Default)]
pub(crate) struct StoreFindings {
    pub(crate) directory: Vec<Finding>,
    pub(crate) token_store: Option<Value>,
}

impl From<Health> for StoreFindings {
    fn from(health: Health) -> Self {
        let StoreHealth { servers, findings } = health.token_store;
        let is_empty = servers.is_empty() && findings.is_empty();
        let found = json!({"reachable": true, "servers": servers, "findings": findings});
        Self {
            directory: health.directory,
            token_store: (!is_empty).then_some(found),
        }
    }
}

/// The state of the gateway, for probes.
#[derive(utoipa::ToSchema)]
#[schema(as = Health)]
#[expect(dead_code, reason = "it is written member by member")]
struct HealthBody {
    /// `ok`, `degraded` (an authority is unavailable, so that its users cannot log in), or `unavailable`.
    status: String,
    /// Why it is unavailable.
    #[schema(nullable = false)]
    reason: Option<String>,
    /// The findings of the token store and its servers.
    #[schema(nullable = false, value_type = Option<Object>)]
    token_store: Option<Value>,
    /// The findings of the directory (`findings`), and the digest keys that no pepper opens
    /// (`unreadable_digest_keys`), if there are any.
    #[schema(nullable = false, value_type = Option<Object>)]
    directory: Option<Value>,
    /// The authorities, which judge passwords of users who live elsewhere: whether each was `available` when it was last
    /// asked, `since` when, and otherwise the `cause`.
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    authorities: Option<Value>,
}

/// Returns an authority as `/readyz` shows it.
fn authority_body(status: &AuthorityStatus) -> Value {
    let AuthorityStatus { name, health } = status;
    let mut body = json!({"name": name, "available": health.is_available});
    if let Some(since) = health.since.and_then(|since| since.format(&Rfc3339).ok()) {
        body["since"] = since.into();
    }
    if let Some(cause) = health.last_cause.as_ref().filter(|_| !health.is_available) {
        body["cause"] = cause.to_string().into();
    }
    body
}

/// Adds the routes of health checks, metrics, OpenAPI documents and the admin API to `cfg`. The application data must
/// have [`Readiness`], [`Auth`], the directory and the metrics.
fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/healthz").route(get().to(health)))
        .service(resource("/readyz").route(get().to(readiness)))
        .configure(metrics::configure)
        .configure(extractors::configure)
        .configure(openapi::configure)
        .configure(sessions::configure)
        .configure(throttle::configure)
        .configure(api_keys::configure)
        .configure(usage::configure)
        .configure(refusals::configure)
        .configure(audit::configure)
        .configure(backup::configure)
        .configure(users::configure)
        .configure(organisations::configure)
        .configure(api_error::configure);
}

/// Returns 200: the process responds.
#[utoipa::path(get, summary = "Whether the process responds.", path = "/healthz", operation_id = "health", tag = "health",
    responses((status = 200, body = HealthBody)))]
pub(crate) async fn health() -> impl Responder {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Returns 200 if logins and token checks work and the gateway is not shutting down, otherwise 503 with the reason.
#[utoipa::path(get, summary = "Whether logins and token checks work, and the gateway is not shutting down.", path = "/readyz", operation_id = "readiness", tag = "health",
    responses((status = 200, body = HealthBody), (status = 503, body = HealthBody)))]
pub(crate) async fn readiness(readiness: Data<Readiness>, auth: Data<Auth>) -> impl Responder {
    let (refusal, found) = readiness.check().await;
    let (mut answer, mut body) = match refusal {
        None => (HttpResponse::Ok(), json!({"status": "ok"})),
        Some(reason) => (
            HttpResponse::ServiceUnavailable(),
            json!({"status": "unavailable", "reason": reason}),
        ),
    };
    if let Some(found) = found.token_store {
        body["token_store"] = found;
    }
    let authorities = auth.authorities().status();
    if !authorities.is_empty() {
        if body["status"] == "ok" && authorities.iter().any(|one| !one.health.is_available) {
            body["status"] = json!("degraded");
        }
        body["authorities"] = authorities.iter().map(authority_body).collect();
    }
    if !found.directory.is_empty() {
        body["directory"]["findings"] = json!(found.directory);
    }
    let unreadable = readiness.auth.unreadable_digest_keys();
    if !unreadable.is_empty() {
        body["directory"]["unreadable_digest_keys"] = json!(unreadable);
    }
    answer.json(body)
}
