//! The audit log: which logins succeeded or were refused, which tokens were issued or ended, and by which actor.
//!
//! Recording never waits and never fails: an event goes into a queue per sink, and a separate thread passes it
//! to the sink. Token validations are not recorded: every call of a client causes one.

mod event;
mod event_kind;
mod name_hash;
mod refusal;
mod request_context;
mod search;
mod table_sink;

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub use self::event::{Event, moment};
pub use self::event_kind::{EventKind, LoginMethod, Outcome};
pub use self::name_hash::ClaimedName;
pub use self::refusal::{Refusal, RefusalReason};
pub use self::request_context::{EventActor, RequestContext};
pub use self::search::{EventCursor, EventSearch, FoundEvent};
pub use self::table_sink::{AuditTable, EventFilter, Subject, TableSink, prune};
use crate::log::{LineSink, LineTarget, LogNames, LogQueue, LogSink};

/// Names of the audit log.
static NAMES: LogNames = LogNames {
    log: "audit log",
    entries: "events",
    file: "audit file",
    thread: "audit",
    lost: "isogloss_audit_lost_total",
};

/// The sinks of all events. Cheap to clone; the default has no sink and discards all events.
#[derive(Clone, Default)]
pub struct Audit(Arc<[LogQueue<Arc<Event>>]>);

/// Events that are not stored yet.
pub type PendingEvents = VecDeque<Arc<Event>>;

/// Returns a sink that writes each event as a line of JSON.
pub fn event_lines(target: LineTarget) -> LineSink<Arc<Event>> {
    LineSink::new(&NAMES, target, |event| event.line())
}

impl Audit {
    /// Starts a thread for each sink and returns the audit log that passes events to all of them. Up to `room`
    /// events wait for each sink; further events are lost there, counted and logged.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if a thread or its asynchronous runtime cannot be started.
    pub fn start(sinks: Vec<Box<dyn LogSink<Arc<Event>>>>, room: NonZeroUsize) -> io::Result<Self> {
        let queues = sinks.into_iter();
        let queues = queues.map(|sink| LogQueue::start(&NAMES, sink, room));
        queues
            .collect::<io::Result<Vec<_>>>()
            .map(|q| Self(q.into()))
    }

    /// Waits until all events recorded so far are stored, for 5 seconds at most for each sink. Returns `true` if
    /// all sinks have stored them.
    pub async fn flush(&self) -> bool {
        let mut all = true;
        for queue in self.0.iter() {
            all &= queue.flush().await;
        }
        all
    }

    /// Passes an event to the queue of every sink, without waiting. If a queue is full, the event is lost there,
    /// counted and logged.
    pub fn record(&self, event: Event) {
        let event = Arc::new(event);
        for queue in self.0.iter() {
            queue.offer(Arc::clone(&event));
        }
    }

    /// Waits until the recorded events are stored, for 5 seconds at most for each sink, and returns how many
    /// events were lost since the start, summed over all sinks. Events recorded after this call are lost.
    pub async fn close(&self) -> u64 {
        let mut lost = 0;
        for queue in self.0.iter() {
            lost += queue.close().await;
        }
        lost
    }
}

#[cfg(test)]
mod tests;
