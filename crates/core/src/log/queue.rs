//! The bounded queue before a sink, and the thread that empties it.

use std::collections::VecDeque;
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

use super::{LogNames, LogSink};

/// The maximum number of entries that a sink gets at a time.
const BATCH: usize = 256;
/// The pause before a sink that failed is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a flush or the end waits for a sink.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queue before a sink.
pub struct LogQueue<I> {
    entries: mpsc::Sender<I>,
    loss: Arc<Loss>,
    closing: Arc<Notify>,
    /// How many entries were taken into the queue.
    offered: AtomicU64,
    /// How many of them the sink has stored. Closed when the thread has ended.
    kept: watch::Receiver<u64>,
}

/// How many entries a sink has lost.
struct Loss {
    names: &'static LogNames,
    sink: &'static str,
    entries: AtomicU64,
    /// The number of lost entries when the sink last had none waiting.
    reported: AtomicU64,
}

impl Loss {
    /// Counts entries as lost, and logs an error for the first ones since the sink last had none waiting.
    fn count(&self, lost: u64) {
        let LogNames { log, entries, .. } = self.names;
        let sink = self.sink;
        counter!(self.names.lost, "sink" => sink).increment(lost);
        let before = self.entries.fetch_add(lost, Ordering::Relaxed);
        if before == self.reported.load(Ordering::Relaxed) {
            error!(sink, "the {log} loses {entries}: too many wait for it");
        }
    }

    /// Returns how many entries were lost since the last call of this function.
    fn take_unreported(&self) -> u64 {
        let lost = self.entries.load(Ordering::Relaxed);
        lost - self.reported.swap(lost, Ordering::Relaxed)
    }
}

impl<I: Send + 'static> LogQueue<I> {
    /// Starts the thread of a sink and returns its queue, which holds up to `room` entries.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the thread or its asynchronous runtime cannot be started.
    pub fn start(
        names: &'static LogNames,
        sink: Box<dyn LogSink<I>>,
        room: NonZeroUsize,
    ) -> io::Result<Self> {
        let (entries, receiver) = mpsc::channel(room.get());
        let (progress, kept) = watch::channel(0);
        let loss = Arc::new(Loss {
            names,
            sink: sink.name(),
            entries: AtomicU64::new(0),
            reported: AtomicU64::new(0),
        });
        // The metric exists before any entry is lost.
        counter!(names.lost, "sink" => loss.sink).increment(0);
        let closing = Arc::new(Notify::new());
        let writer = Writer {
            sink,
            entries: receiver,
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
            .name(format!("{}-{}", names.thread, loss.sink))
            .spawn(move || runtime.block_on(writer.run()))?;
        Ok(Self {
            entries,
            loss,
            closing,
            offered: AtomicU64::new(0),
            kept,
        })
    }

    /// Adds an entry to the queue without waiting. If the queue is full or closed, the entry is lost, counted and
    /// logged.
    pub fn offer(&self, entry: I) {
        match self.entries.try_send(entry) {
            Ok(()) => drop(self.offered.fetch_add(1, Ordering::Relaxed)),
            Err(_) => self.loss.count(1),
        }
    }

    /// Waits until all entries recorded so far are stored, for 5 seconds at most. Returns `true` if they are stored.
    pub async fn flush(&self) -> bool {
        let offered = self.offered.load(Ordering::Relaxed);
        let mut kept = self.kept.clone();
        let all = kept.wait_for(|kept| *kept >= offered);
        matches!(timeout(PATIENCE, all).await, Ok(Ok(_)))
    }

    /// Closes the queue, waits until its entries are stored, for 5 seconds at most, and returns how many entries
    /// were lost since the start. Entries that are then still waiting count as lost.
    pub async fn close(&self) -> u64 {
        self.closing.notify_one();
        let mut kept = self.kept.clone();
        let end = async { while kept.changed().await.is_ok() {} };
        if timeout(PATIENCE, end).await.is_err() {
            // In addition to those in the queue, the sink holds at least one entry, and may still store it.
            let left = self.entries.max_capacity() - self.entries.capacity();
            self.loss.count(left as u64 + 1);
        }
        self.loss.entries.load(Ordering::Relaxed)
    }
}

/// Passes entries from the queue to the sink.
struct Writer<I> {
    sink: Box<dyn LogSink<I>>,
    entries: mpsc::Receiver<I>,
    loss: Arc<Loss>,
    closing: Arc<Notify>,
    /// How many entries were taken out of the queue.
    taken: u64,
    /// Publishes how many of them are stored; dropped at the end.
    progress: watch::Sender<u64>,
}

impl<I: Send + 'static> Writer<I> {
    async fn run(mut self) {
        let LogNames { log, entries, .. } = self.loss.names;
        let sink = self.sink.name();
        let mut waiting = VecDeque::new();
        let mut is_failing = false;
        loop {
            match self.sink.keep(&mut waiting).await {
                Ok(()) => {
                    self.progress.send_replace(self.taken);
                    if self.entries.is_empty() {
                        let lost = self.loss.take_unreported();
                        if is_failing || lost > 0 {
                            warn!(sink, lost, "the {log} is written again");
                        }
                        is_failing = false;
                    }
                    if !self.fetch(&mut waiting).await {
                        return;
                    }
                }
                Err(error) => {
                    if !is_failing {
                        error!(sink, %error, "the {log} cannot be written: its {entries} wait");
                        is_failing = true;
                    }
                    if self.entries.is_closed() {
                        break;
                    }
                    tokio::select! {
                        () = sleep(PAUSE) => {}
                        () = self.closing.notified() => self.entries.close(),
                    }
                }
            }
        }
        let left = waiting.len() + self.entries.len();
        if left > 0 {
            self.loss.count(left as u64);
        }
    }

    /// Waits for entries and adds them to `waiting`. Returns `false` if the queue is closed and no entry is left.
    async fn fetch(&mut self, waiting: &mut VecDeque<I>) -> bool {
        let mut batch = Vec::with_capacity(BATCH);
        tokio::select! {
            biased;
            _ = self.entries.recv_many(&mut batch, BATCH) => {}
            () = self.closing.notified() => {
                // Entries that have arrived by now are stored; no more are accepted.
                self.entries.close();
                self.entries.recv_many(&mut batch, BATCH).await;
            }
        }
        self.taken += batch.len() as u64;
        waiting.extend(batch);
        !waiting.is_empty()
    }
}
