//! Tries the authorities periodically, so that an operator knows before the first login that one is unavailable.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use isogloss_core::directory::Directory;
use tokio::time::{MissedTickBehavior, interval};

use super::super::hot_swap::HotSwap;
use crate::bootstrap::authorities;
use crate::config::Sections;
use crate::http::public::PublicState;

/// How often each authority is tried.
const INTERVAL: Duration = Duration::from_mins(1);

/// Logs the authorities, and tries those of the application periodically. Does not delay the start.
pub(super) fn start(
    sections: &Sections,
    directory: &Arc<dyn Directory>,
    application: &HotSwap<PublicState>,
) -> JoinHandle<()> {
    let configured = sections.authorities.clone();
    let (directory, application) = (directory.clone(), application.clone());
    rt::spawn(async move {
        authorities::log(&configured, directory.as_ref()).await;
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A reload may have replaced them.
            let auth = application.state().auth;
            auth.authorities().check(auth.now()).await;
        }
    })
}
