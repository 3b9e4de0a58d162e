//! The health checks of the back ends' addresses.

use std::sync::Arc;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use isogloss_reverse_proxy::check_health;

use super::dialect_back_end::DialectBackEnd;

/// The tasks that check addresses. They end when this value is dropped.
#[derive(Default)]
pub(super) struct HealthChecks(Vec<JoinHandle<()>>);

impl HealthChecks {
    /// Starts to check the addresses of each back end for which a path is set.
    pub(super) fn start(back_ends: &[Arc<DialectBackEnd>]) -> Self {
        let checked = back_ends
            .iter()
            .filter(|back_end| !back_end.settings.proxy.health_path.is_empty());
        let tasks = checked.map(|back_end| spawn(check_health(back_end.proxy.clone())));
        Self(tasks.collect())
    }
}

impl Drop for HealthChecks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
