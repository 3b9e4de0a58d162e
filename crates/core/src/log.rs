//! Logs that are written by a separate thread: the audit log, and the access log of a gateway.
//!
//! Recording never waits and never fails: an entry goes into a bounded queue, and a thread passes it to the sink.

mod line_sink;
mod queue;

use std::collections::VecDeque;

use async_trait::async_trait;

pub use self::line_sink::{LineSink, LineTarget};
pub use self::queue::LogQueue;
use crate::error::StoreError;

/// How a log is named in log lines and metrics.
#[derive(Debug)]
pub struct LogNames {
    /// The log, such as `audit log`.
    pub log: &'static str,
    /// What it consists of, such as `events`.
    pub entries: &'static str,
    /// Its file in error messages, such as `audit file`.
    pub file: &'static str,
    /// The beginning of its threads' names, at most six characters.
    pub thread: &'static str,
    /// The counter of lost entries, which has the label `sink`.
    pub lost: &'static str,
}

/// A destination that stores the entries of a log.
#[async_trait]
pub trait LogSink<I: Send + 'static>: Send + 'static {
    /// Returns the name of the sink in log lines and metrics.
    fn name(&self) -> &'static str;

    /// Stores entries, the oldest first, and removes those that are stored from `entries`. Without any entry, only
    /// checks whether entries could be stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if not all entries were stored. The remaining ones are passed again later.
    async fn keep(&mut self, entries: &mut VecDeque<I>) -> Result<(), StoreError>;
}
