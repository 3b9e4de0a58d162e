//! An audit sink that keeps events in memory for tests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::audit::{Event, PendingEvents};
use isogloss_core::log::LogSink;

/// Sink that keeps all events until [`Recording::leave`] is called.
#[derive(Clone, Default)]
pub(crate) struct Recording {
    seen: Arc<Mutex<Vec<Event>>>,
    is_away: Arc<AtomicBool>,
}

impl Recording {
    /// Makes the sink unavailable: from now on every write fails, and events wait.
    pub(crate) fn leave(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    /// Returns all events that were written, the oldest first.
    pub(crate) fn seen(&self) -> Vec<Event> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl LogSink<Arc<Event>> for Recording {
    fn name(&self) -> &'static str {
        "recording"
    }

    async fn keep(&mut self, events: &mut PendingEvents) -> Result<(), StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::new("recording", "away"));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(events.drain(..).map(|event| Event::clone(&event)));
        Ok(())
    }
}
