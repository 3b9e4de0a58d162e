//! What a process under test has written so far.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The lines of one or more processes, in the order they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Log {
    /// Starts a thread that collects the lines of a stream until the stream ends.
    pub(crate) fn follow(&self, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| count > 0)
            {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                log.guard().push(text);
                log.0.1.notify_all();
                line.clear();
            }
        })
    }

    /// Returns all lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.guard().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.guard().len()
    }

    /// Waits for a line, after the first `skip` ones, for which `wanted` returns a value, and returns that
    /// value. `None` if there is no such line after `patience`.
    pub(crate) fn find<T>(
        &self,
        skip: usize,
        patience: Duration,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        let searching = |lines: &mut Vec<String>| {
            found = lines.iter().skip(skip).find_map(|line| wanted(line));
            found.is_none()
        };
        let result = self
            .0
            .1
            .wait_timeout_while(self.guard(), patience, searching);
        drop(result);
        found
    }

    fn guard(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
