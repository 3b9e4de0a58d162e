//! Whether the servers behind the token store are fit to hold tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use isogloss_core::store::{Finding, Level, StoreHealth, TokenStore};
use isogloss_core::{StoreError, SystemClock};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{error, info, warn};

/// How long findings are taken for true.
const FRESH: Duration = Duration::from_mins(1);
/// How soon a store that could not be asked is asked again.
const SOON: Duration = Duration::from_secs(1);

/// What was last found, and what was logged of it.
pub(crate) struct Fitness {
    tokens: Arc<dyn TokenStore>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    seen: Option<(Instant, StoreHealth)>,
    logged: Option<StoreHealth>,
}

impl Fitness {
    pub(crate) fn of(tokens: Arc<dyn TokenStore>) -> Self {
        Self {
            tokens,
            last: Mutex::default(),
        }
    }

    /// Looks at the servers, or remembers what it saw a while ago. What is new is logged.
    pub(crate) async fn look(&self) -> Result<StoreHealth, StoreError> {
        let mut last = self.last.lock().await;
        if let Some((since, health)) = &last.seen
            // Somebody is at work on what was refused.
            && since.elapsed() < if health.is_refused() { SOON } else { FRESH }
        {
            return Ok(health.clone());
        }
        last.seen = None;
        let health = self.tokens.health(&SystemClock).await?;
        log_what_is_new(last.logged.as_ref(), &health);
        last.logged = Some(health.clone());
        last.seen = Some((Instant::now(), health.clone()));
        Ok(health)
    }

    /// Looks anew next time: the store was away, and another server may have taken over.
    pub(crate) async fn forget(&self) {
        self.last.lock().await.seen = None;
    }

    /// Whether the token store can be asked.
    pub(crate) async fn is_reachable(&self) -> bool {
        self.tokens.ping().await.is_ok()
    }

    /// Looks for as long as the gateway runs: at once, or as soon as the store can be asked.
    pub(crate) async fn watch(&self) {
        let mut silent = false;
        loop {
            match self.look().await {
                Ok(_) => {
                    silent = false;
                    sleep(FRESH).await;
                }
                Err(error) => {
                    if !silent {
                        warn!(%error, "cannot ask the token store, will retry");
                    }
                    silent = true;
                    sleep(SOON).await;
                }
            }
        }
    }
}

fn log_what_is_new(before: Option<&StoreHealth>, now: &StoreHealth) {
    for server in &now.servers {
        let known = before.is_some_and(|before| {
            let mut servers = before.servers.iter();
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
    let is_new = |finding: &&Finding| before.is_none_or(|it| !it.findings.contains(finding));
    for Finding { level, text } in now.findings.iter().filter(is_new) {
        match level {
            Level::Refused => error!("token store: {text}"),
            Level::Warning => warn!("token store: {text}"),
            Level::Unknown => info!("token store: {text}"),
        }
    }
}
