//! The back end of a dialect: it records every request and does what the script of the test says.

mod connection;
mod recorded_request;
mod step;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

pub use self::recorded_request::RecordedRequest;
pub use self::step::{Decider, Signal, Step};

const PATIENCE: Duration = Duration::from_secs(30);

/// Returns what the back end does after the head of a request.
type Script = dyn Fn(&RecordedRequest) -> Vec<Step> + Send + Sync;

/// A back end that does what a script says. It stops, and closes its connections, when it is dropped.
pub struct BackEndServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

/// What the back end and the tasks of its connections have in common.
struct Shared {
    script: Box<Script>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What has been observed.
#[derive(Default)]
struct Seen {
    requests: Vec<RecordedRequest>,
    /// How many connections were accepted.
    accepted: usize,
    /// The numbers of the open connections.
    open: BTreeSet<usize>,
    /// What was received instead of a request.
    stray: Vec<Vec<u8>>,
}

impl BackEndServer {
    /// Starts a back end at a free port. After the head of each request it does what `script` returns; then it reads the
    /// next request of the connection.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn start(
        script: impl Fn(&RecordedRequest) -> Vec<Step> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), script)
    }

    /// Starts a back end as [`start`](Self::start) does, at the address of one that has stopped.
    ///
    /// # Errors
    /// If the address is in use.
    pub fn start_at(
        address: SocketAddr,
        script: impl Fn(&RecordedRequest) -> Vec<Step> + Send + Sync + 'static,
    ) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_io()
            .enable_time()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            changed: Condvar::new(),
        });
        runtime.spawn(connection::accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            runtime: Some(runtime),
        })
    }

    /// Returns the address of the back end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address as the setting `backend` has it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns every request so far, in the order in which their heads arrived.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests.clone()
    }

    /// Returns how many requests there were so far.
    pub fn request_count(&self) -> usize {
        self.shared.lock().requests.len()
    }

    /// Returns what connections received instead of a request, or after one. Empty if all bytes were requests.
    pub fn stray_bytes(&self) -> Vec<Vec<u8>> {
        self.shared.lock().stray.clone()
    }

    /// Returns how many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.lock().accepted
    }

    /// Returns how many connections are open.
    pub fn open_connections(&self) -> usize {
        self.shared.lock().open.len()
    }

    /// Waits until the heads of at least `count` requests have arrived.
    ///
    /// # Errors
    /// If they have not after 30 seconds.
    pub fn wait_for_requests(&self, count: usize) -> Result<()> {
        self.wait(&format!("{count} requests"), |seen| {
            (seen.requests.len() >= count).then_some(())
        })
    }

    /// Waits for a request for which `is_meant` is true, and returns it. Requests are checked again whenever a head or a
    /// part of a body arrives.
    ///
    /// # Errors
    /// If there is none after 30 seconds; the error has `what`.
    pub fn wait_for(
        &self,
        what: &str,
        is_meant: impl Fn(&RecordedRequest) -> bool,
    ) -> Result<RecordedRequest> {
        self.wait(what, |seen| {
            let mut requests = seen.requests.iter();
            requests.find(|request| is_meant(request)).cloned()
        })
    }

    /// Waits until the connection of a request is closed, by either side.
    ///
    /// # Errors
    /// If it is open after 30 seconds.
    pub fn wait_until_closed(&self, request: &RecordedRequest) -> Result<()> {
        let number = request.connection;
        self.wait(&format!("connection {number} is closed"), |seen| {
            (!seen.open.contains(&number)).then_some(())
        })
    }

    /// Waits until at most `count` connections are open.
    ///
    /// # Errors
    /// If more are open after 30 seconds.
    pub fn wait_until_open(&self, count: usize) -> Result<()> {
        self.wait(&format!("at most {count} connections"), |seen| {
            (seen.open.len() <= count).then_some(())
        })
    }

    fn wait<T>(&self, what: &str, find: impl Fn(&Seen) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        loop {
            if let Some(found) = find(&seen) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::other(format!("not within {PATIENCE:?}: {what}")));
            }
            let woken = self.shared.changed.wait_timeout(seen, left);
            (seen, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for BackEndServer {
    fn drop(&mut self) {
        // Afterwards, nothing listens at the address any more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(PATIENCE);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an observation, and wakes the tests that wait for one. Returns what `observe` returns.
    fn record<T>(&self, observe: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.lock();
        let result = observe(&mut seen);
        self.changed.notify_all();
        result
    }

    fn arrive(&self) -> usize {
        self.record(|seen| {
            seen.accepted += 1;
            seen.open.insert(seen.accepted);
            seen.accepted
        })
    }
}
