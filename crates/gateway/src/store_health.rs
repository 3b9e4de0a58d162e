//! Health of the stores and their servers: whether logins and token checks can work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use isogloss_core::directory::Directory;
use isogloss_core::store::{Finding, Level, StoreHealth, TokenStore};
use isogloss_core::throttle::Throttle;
use isogloss_core::{Clock as _, StoreError, SystemClock};
use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

/// How long the result of a health check is used.
const RESULT_LIFETIME: Duration = Duration::from_mins(1);
/// How soon a store is checked again after it was unreachable or refused, or a request failed.
const RECHECK_DELAY: Duration = Duration::from_secs(1);

/// The findings of a health check of the directory and of the token store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    pub(crate) directory: Vec<Finding>,
    pub(crate) token_store: StoreHealth,
}

impl Health {
    /// Returns all findings, each with the name of its store.
    fn findings(&self) -> impl Iterator<Item = (&'static str, &Finding)> {
        let directory = self.directory.iter().map(|finding| ("directory", finding));
        let tokens = self.token_store.findings.iter();
        directory.chain(tokens.map(|finding| ("token store", finding)))
    }

    /// Returns why logins or token checks fail, or `None` if they do not.
    pub(crate) fn refusal(&self) -> Option<String> {
        let mut findings = self.findings();
        let (about, finding) = findings.find(|(_, one)| one.level == Level::Refused)?;
        Some(format!("{about}: {}", finding.text))
    }
}

/// Returns the health of the token store, with the findings of the login throttle in it. Fails if one of them
/// is unreachable.
pub(crate) async fn check_token_store(
    tokens: &dyn TokenStore,
    throttle: Option<&dyn Throttle>,
) -> Result<StoreHealth, StoreError> {
    let mut health = tokens.health(&SystemClock).await?;
    if let Some(throttle) = throttle {
        let found = throttle.health(SystemClock.now()).await?;
        // Both may be on the same server and report the same finding.
        let new = |one: &Finding| !health.findings.contains(one);
        let found: Vec<_> = found.into_iter().filter(new).collect();
        health.findings.extend(found);
        health.findings.sort_by_key(|finding| finding.level);
    }
    Ok(health)
}

/// Set after a request failed because a store was unavailable: the last result may be outdated.
#[derive(Debug, Default)]
pub struct HealthRecheck {
    requested: AtomicBool,
    notify: Notify,
}

impl HealthRecheck {
    /// Requests a check of the stores soon.
    pub(crate) fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
        self.notify.notify_one();
    }
}

/// The stores that are checked.
pub(crate) struct MonitoredStores {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) throttle: Option<Arc<dyn Throttle>>,
}

/// Checks the stores, and remembers the last result and what was logged.
pub(crate) struct StoreHealthMonitor {
    stores: MonitoredStores,
    recheck: Arc<HealthRecheck>,
    last: Mutex<LastCheck>,
}

#[derive(Default)]
struct LastCheck {
    result: Option<(Instant, Health)>,
    logged: Option<Health>,
}

impl StoreHealthMonitor {
    /// Creates a monitor, which checks earlier than usual when `recheck` is requested.
    pub(crate) fn new(stores: MonitoredStores, recheck: Arc<HealthRecheck>) -> Self {
        Self {
            stores,
            recheck,
            last: Mutex::default(),
        }
    }

    /// Checks the directory and the token store, and logs new findings. Returns the last result instead while
    /// it is fresh. Fails if a store is unreachable.
    pub(crate) async fn check(&self) -> Result<Health, StoreError> {
        let mut last = self.last.lock().await;
        if let Some((since, health)) = &last.result
            && since.elapsed() < self.result_lifetime(health)
        {
            return Ok(health.clone());
        }
        last.result = None;
        // Cleared before the check: the check may not see a failure that happens while it runs.
        self.recheck.requested.store(false, Ordering::Relaxed);
        let MonitoredStores {
            directory,
            tokens,
            throttle,
        } = &self.stores;
        let health = Health {
            directory: directory.health().await?,
            token_store: check_token_store(tokens.as_ref(), throttle.as_deref()).await?,
        };
        log_new_findings(last.logged.as_ref(), &health);
        last.logged = Some(health.clone());
        last.result = Some((Instant::now(), health.clone()));
        Ok(health)
    }

    /// Returns how long a result is used: short after a refusal, which an operator is working on, and after a
    /// failed request.
    fn result_lifetime(&self, health: &Health) -> Duration {
        if health.refusal().is_some() || self.recheck.requested.load(Ordering::Relaxed) {
            RECHECK_DELAY
        } else {
            RESULT_LIFETIME
        }
    }

    /// Discards the last result: a store was unavailable, and another server may have taken over.
    pub(crate) async fn invalidate(&self) {
        self.last.lock().await.result = None;
    }

    /// Returns whether the token store can be queried.
    pub(crate) async fn is_reachable(&self) -> bool {
        self.stores.tokens.ping().await.is_ok()
    }

    /// Checks the stores for as long as the gateway runs: each minute, and soon after a request failed because
    /// a store was unavailable.
    pub(crate) async fn watch(&self) {
        let mut silent = false;
        loop {
            match self.check().await {
                Ok(health) => {
                    silent = false;
                    let requested = timeout(
                        self.result_lifetime(&health),
                        self.recheck.notify.notified(),
                    );
                    if requested.await.is_ok() {
                        sleep(RECHECK_DELAY).await;
                    }
                }
                Err(error) => {
                    if !silent {
                        warn!(%error, "cannot query the stores, will retry");
                    }
                    silent = true;
                    sleep(RECHECK_DELAY).await;
                }
            }
        }
    }
}

/// Logs the servers and findings that were not there before, and the end of a refusal.
fn log_new_findings(before: Option<&Health>, now: &Health) {
    for server in &now.token_store.servers {
        let known = before.is_some_and(|before| {
            let mut servers = before.token_store.servers.iter();
            servers.any(|one| one.address == server.address)
        });
        if !known {
            info!(
                address = server.address,
                version = server.version,
                role = server.role,
                eviction = server.eviction,
                persistence = server.persistence,
                clock_ahead_ms = server.clock_ahead_ms,
                "tokens live in Redis"
            );
        }
    }
    let is_known = |one: &(&'static str, &Finding)| {
        before.is_some_and(|before| before.findings().any(|known| known == *one))
    };
    for (about, Finding { level, text, hint }) in now.findings().filter(|one| !is_known(one)) {
        match level {
            Level::Refused => error!(hint, "{about}: {text}"),
            Level::Warning => warn!(hint, "{about}: {text}"),
            Level::Unknown => info!("{about}: {text}"),
        }
    }
    if before.is_some_and(|before| before.refusal().is_some()) && now.refusal().is_none() {
        info!("the stores are healthy again");
    }
}
