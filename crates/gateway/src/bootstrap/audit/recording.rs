//! An audit log whose events tests can read.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::audit::{Audit, Event, PendingEvents};
use isogloss_core::log::LogSink;

/// The recorded events, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<Event>>>);

impl Recording {
    /// Returns an audit log that adds each event to this recording.
    pub(crate) fn start(&self) -> Audit {
        let room = NonZeroUsize::new(100).unwrap();
        Audit::start(vec![Box::new(self.clone())], room).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl LogSink<Arc<Event>> for Recording {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn keep(&mut self, events: &mut PendingEvents) -> Result<(), StoreError> {
        let events = events.drain(..).map(|event| Event::clone(&event));
        self.0.lock().unwrap().extend(events);
        Ok(())
    }
}
