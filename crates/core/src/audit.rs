//! The audit log: who logged in, who was refused, what was issued and ended, and at whose hands.
//!
//! Recording never waits and never fails: an event goes into a queue, and a thread of its own takes
//! it to each sink. Plain checks of tokens are not recorded: there is one for every call of a client.

mod caller;
mod event;
mod lines;
mod name;
mod queue;
mod table;
mod words;

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::caller::{Actor, Caller};
pub use self::event::{Event, moment};
pub use self::lines::Lines;
pub use self::name::Name;
use self::queue::Queue;
pub use self::table::{AuditTable, Database, Filter, Who, prune};
pub use self::words::{By, Kind, Outcome, Reason};
use crate::error::StoreError;

/// Where all events go. Cheap to clone; the default goes nowhere.
#[derive(Clone, Default)]
pub struct Audit(Arc<[Queue]>);

/// What keeps events.
#[async_trait]
pub trait Sink: Send + 'static {
    /// As log lines and metrics have it.
    fn name(&self) -> &'static str;

    /// Keeps events, the first one first, and takes those that are kept out of the queue. What is
    /// left after an error is offered again. With none, it only finds out whether it could.
    async fn keep(&mut self, events: &mut Waiting) -> Result<(), StoreError>;
}

/// Events that are yet to be kept.
pub type Waiting = VecDeque<Arc<Event>>;

impl Audit {
    /// Starts a thread for each sink. As many events as `room` may wait for each of them; what
    /// comes on top is lost there, counted, and told in the log.
    pub fn start(sinks: Vec<Box<dyn Sink>>, room: NonZeroUsize) -> io::Result<Self> {
        let queues = sinks.into_iter().map(|sink| Queue::start(sink, room));
        queues
            .collect::<io::Result<Vec<_>>>()
            .map(|q| Self(q.into()))
    }

    /// Waits until all that was recorded by now is kept, a few seconds at most, and returns whether it is.
    pub async fn flush(&self) -> bool {
        let mut all = true;
        for queue in self.0.iter() {
            all &= queue.flush().await;
        }
        all
    }

    /// Hands an event over to every sink.
    pub fn record(&self, event: Event) {
        let event = Arc::new(event);
        for queue in self.0.iter() {
            queue.offer(Arc::clone(&event));
        }
    }

    /// Waits until what was recorded is kept, for some seconds at most, and answers how many events
    /// were lost since the start. From here on all are.
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
