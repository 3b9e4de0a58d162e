//! Synchronises the users of authorities periodically.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use isogloss_core::audit::{EventActor, RequestContext};
use isogloss_core::directory::synchronisation::{SyncError, Synchronisation};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::super::hot_swap::HotSwap;
use crate::http::public::PublicState;

/// How often the gateway looks for a synchronisation that is due.
const TICK: Duration = Duration::from_secs(1);
/// When the gateway tries again what another gateway does now, or did a short time ago: that one may have ended since.
const AGAIN: Duration = Duration::from_mins(1);

/// Synchronises the users of each authority of the application at the interval in its settings. Of several gateways with
/// one directory, one does so at a time.
pub(super) fn start(application: &HotSwap<PublicState>) -> JoinHandle<()> {
    let application = application.clone();
    let by_configuration = RequestContext {
        actor: Some(EventActor::Configuration),
        ..RequestContext::default()
    };
    rt::spawn(by_configuration.scope(run(application)))
}

async fn run(application: HotSwap<PublicState>) {
    let mut due: HashMap<String, Instant> = HashMap::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // A reload may have replaced them.
        let all = application.state().auth.synchronisations();
        let is_periodic = |one: &Synchronisation| !one.settings.sync.is_zero();
        for one in all.iter().filter(|one| is_periodic(one)) {
            let name = &one.settings.name;
            let now = Instant::now();
            if due.get(name).is_some_and(|due| *due > now) {
                continue;
            }
            let interval = one.settings.sync;
            let pause = match one.run(interval, |_| {}).await {
                Err(SyncError::NotDue | SyncError::Running | SyncError::Unavailable(_)) => {
                    interval.min(AGAIN)
                }
                Ok(_) | Err(_) => interval,
            };
            due.insert(name.clone(), now + pause);
        }
    }
}
