//! The bounded queue before a sink, and the thread that empties it.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use metrics::counter;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};
use tracing::{error, warn};

use super::{AuditSink, Event, PendingEvents};

/// The maximum number of events that a sink gets at a time.
const BATCH: usize = 256;
/// The pause before a sink that failed is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a flush or the end waits for a sink.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queue before a sink.
pub(super) struct Queue {
    events: mpsc::Sender<Arc<Event>>,
    loss: Arc<Loss>,
    closing: Arc<Notify>,
    /// How many events were taken into the queue.
    offered: AtomicU64,
    /// How many of them the sink has stored. Closed when the thread has ended.
    kept: watch::Receiver<u64>,
}

/// How many events a sink has lost.
struct Loss {
    sink: &'static str,
    events: AtomicU64,
    /// The number of lost events when the sink last had no events waiting.
    reported: AtomicU64,
}

impl Loss {
    /// Counts events as lost, and logs an error for the first ones since the sink last had no events waiting.
    fn count(&self, events: u64) {
        let sink = self.sink;
        counter!("isogloss_audit_lost_total", "sink" => sink).increment(events);
        let before = self.events.fetch_add(events, Ordering::Relaxed);
        if before == self.reported.load(Ordering::Relaxed) {
            error!(sink, "the audit log loses events: too many wait for it");
        }
    }

    /// Returns how many events were lost since the last call of this function.
    fn take_unreported(&self) -> u64 {
        let events = self.events.load(Ordering::Relaxed);
        events - self.reported.swap(events, Ordering::Relaxed)
    }
}

impl Queue {
    /// Starts the thread of a sink and returns its queue, which holds up to `room` events. `Err` if the thread
    /// or its asynchronous runtime cannot be started.
    pub(super) fn start(sink: Box<dyn AuditSink>, room: NonZeroUsize) -> io::Result<Self> {
        let (events, receiver) = mpsc::channel(room.get());
        let (progress, kept) = watch::channel(0);
        let loss = Arc::new(Loss {
            sink: sink.name(),
            events: AtomicU64::new(0),
            reported: AtomicU64::new(0),
        });
        // The metric exists before any event is lost.
        counter!("isogloss_audit_lost_total", "sink" => loss.sink).increment(0);
        let closing = Arc::new(Notify::new());
        let writer = Writer {
            sink,
            events: receiver,
            loss: Arc::clone(&loss),
            closing: Arc::clone(&closing),
            taken: 0,
            progress,
        };
        // A separate runtime: a sink may be slow, and outlives the workers.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name(format!("audit-{}", loss.sink))
            .spawn(move || runtime.block_on(writer.run()))?;
        Ok(Self {
            events,
            loss,
            closing,
            offered: AtomicU64::new(0),
            kept,
        })
    }

    /// Adds an event to the queue without waiting. If the queue is full or closed, the event is lost and
    /// counted.
    pub(super) fn offer(&self, event: Arc<Event>) {
        match self.events.try_send(event) {
            Ok(()) => drop(self.offered.fetch_add(1, Ordering::Relaxed)),
            Err(_) => self.loss.count(1),
        }
    }

    /// Waits until all events recorded so far are stored, for [`PATIENCE`] at most. Returns `true` if they are
    /// stored.
    pub(super) async fn flush(&self) -> bool {
        let offered = self.offered.load(Ordering::Relaxed);
        let mut kept = self.kept.clone();
        let all = kept.wait_for(|kept| *kept >= offered);
        matches!(timeout(PATIENCE, all).await, Ok(Ok(_)))
    }

    /// Closes the queue, waits until its events are stored, for [`PATIENCE`] at most, and returns how many
    /// events were lost since the start. Events that are then still waiting count as lost.
    pub(super) async fn close(&self) -> u64 {
        self.closing.notify_one();
        let mut kept = self.kept.clone();
        let end = async { while kept.changed().await.is_ok() {} };
        if timeout(PATIENCE, end).await.is_err() {
            // In addition to those in the queue, the sink holds at least one event, and may still store it.
            let left = self.events.max_capacity() - self.events.capacity();
            self.loss.count(left as u64 + 1);
        }
        self.loss.events.load(Ordering::Relaxed)
    }
}

/// Passes events from the queue to the sink.
struct Writer {
    sink: Box<dyn AuditSink>,
    events: mpsc::Receiver<Arc<Event>>,
    loss: Arc<Loss>,
    closing: Arc<Notify>,
    /// How many events were taken out of the queue.
    taken: u64,
    /// Publishes how many of them are stored; dropped at the end.
    progress: watch::Sender<u64>,
}

impl Writer {
    async fn run(mut self) {
        let sink = self.sink.name();
        let mut waiting = PendingEvents::new();
        let mut is_failing = false;
        loop {
            match self.sink.keep(&mut waiting).await {
                Ok(()) => {
                    self.progress.send_replace(self.taken);
                    if self.events.is_empty() {
                        let lost = self.loss.take_unreported();
                        if is_failing || lost > 0 {
                            warn!(sink, lost, "the audit log is written again");
                        }
                        is_failing = false;
                    }
                    if !self.fetch(&mut waiting).await {
                        return;
                    }
                }
                Err(error) => {
                    if !is_failing {
                        error!(sink, %error, "the audit log cannot be written: its events wait");
                        is_failing = true;
                    }
                    if self.events.is_closed() {
                        break;
                    }
                    tokio::select! {
                        () = sleep(PAUSE) => {}
                        () = self.closing.notified() => self.events.close(),
                    }
                }
            }
        }
        let left = waiting.len() + self.events.len();
        if left > 0 {
            self.loss.count(left as u64);
        }
    }

    /// Waits for events and adds them to `waiting`. Returns `false` if the queue is closed and no event is left.
    async fn fetch(&mut self, waiting: &mut PendingEvents) -> bool {
        let mut batch = Vec::with_capacity(BATCH);
        tokio::select! {
            biased;
            _ = self.events.recv_many(&mut batch, BATCH) => {}
            () = self.closing.notified() => {
                // Events that have arrived by now are stored; no more are accepted.
                self.events.close();
                self.events.recv_many(&mut batch, BATCH).await;
            }
        }
        self.taken += batch.len() as u64;
        waiting.extend(batch);
        !waiting.is_empty()
    }
}
