//! A TCP relay in front of a server, each connection of which can be stalled, delayed, cut, deprived of its
//! answers, and released in another order than its bytes came; at once, or when its client sends a text.
//!
//! What waits blocks its caller: tasks wait for [`Relay::when_sent`] instead.

mod connection;
mod forward;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};

pub use self::connection::{Connection, Cut, Direction};
use self::connection::{Flow, Wanted};
use self::rules::Rules;

const PATIENCE: Duration = Duration::from_secs(30);

/// A relay to one server. All its connections are cut when it is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

/// What the relay, its connections and the tasks that forward bytes have in common.
#[derive(Debug)]
struct Shared {
    /// What applies to every connection, those to come included.
    all: watch::Sender<[Flow; 2]>,
    /// The port of the server that connections to come lead to.
    server: AtomicU16,
    rules: Rules,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What has been observed.
#[derive(Debug, Default)]
struct Seen {
    /// How many observations there were.
    observed: u64,
    arrived: usize,
    open: BTreeMap<usize, (Connection, Traffic)>,
}

/// What has been observed of a connection.
#[derive(Debug, Default)]
struct Traffic {
    /// The first bytes that the client sent.
    sent: Vec<u8>,
    /// Bytes that wait in the relay, for each direction.
    held: [usize; 2],
    /// Bytes that the relay has handed on, for each direction.
    passed: [u64; 2],
}

impl Relay {
    /// Starts a relay to a port of this machine.
    ///
    /// # Errors
    /// If there is no free port for the relay.
    pub fn to(port: u16) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .enable_time()
            .build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let shared = Arc::new(Shared {
            all: watch::Sender::default(),
            server: AtomicU16::new(port),
            rules: Rules::default(),
            seen: Mutex::default(),
            changed: Condvar::new(),
        });
        runtime.spawn(forward::accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            runtime: Some(runtime),
        })
    }

    /// Returns the address of the relay.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the port of the relay.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Forwards new connections to another port of this machine.
    pub fn lead_to(&self, port: u16) {
        self.shared.server.store(port, Ordering::Relaxed);
    }

    /// Calls `act`, once, for the connection on which a client sends `text` for the `nth` time, counted over
    /// all connections from now on; the first time is 1. It is called before the text is forwarded; the
    /// returned channel receives the connection then.
    pub fn when_sent(
        &self,
        text: &str,
        nth: usize,
        act: fn(&Connection),
    ) -> oneshot::Receiver<Connection> {
        self.shared.rules.add(text, nth - 1, act)
    }

    /// Returns the open connections in the order of their arrival.
    pub fn connections(&self) -> Vec<Connection> {
        let seen = self.shared.lock();
        seen.open.values().map(|(one, _)| one.clone()).collect()
    }

    /// Returns how many connections have been accepted so far, including those that have ended.
    pub fn arrived(&self) -> usize {
        self.shared.lock().arrived
    }

    /// Waits for an open connection for which `is_meant` is true, and returns it. Connections are checked
    /// again whenever one is accepted, sends or receives bytes, or ends.
    ///
    /// # Errors
    /// If there is none after 30 seconds; the error has `what`.
    pub fn wait_for(
        &self,
        what: &str,
        is_meant: impl Fn(&Connection) -> bool,
    ) -> Result<Connection> {
        self.shared
            .wait_for(what, || self.connections().into_iter().find(&is_meant))
    }

    /// Forwards no byte from now on, in either direction and on any connection. New connections are still
    /// accepted.
    pub fn stall(&self) {
        self.each_flow(|flow| flow.is_stalled = true);
    }

    /// Ends [`stall`](Self::stall). Connections that were stalled individually stay stalled.
    pub fn go_on(&self) {
        self.each_flow(|flow| flow.is_stalled = false);
    }

    /// Delays all bytes by that time. Zero ends the delay.
    pub fn delay(&self, delay: Duration) {
        self.each_flow(|flow| flow.delay = delay);
    }

    /// Closes every open connection, in the manner of `how`.
    pub fn cut(&self, how: Cut) {
        for connection in self.connections() {
            connection.cut(how);
        }
    }

    /// Lets connections that are stalled in a direction go on, one after the other: the bytes held for one
    /// have been forwarded before the next goes on, unless it is stalled again in between.
    ///
    /// # Errors
    /// If the bytes of a connection are not forwarded within 30 seconds.
    pub fn release(&self, order: &[Connection], direction: Direction) -> Result<()> {
        for connection in order {
            connection.go_on(direction);
            self.shared.wait_for("held bytes pass", || {
                let is_over = connection.held(direction) == 0 || connection.is_stalled(direction);
                is_over.then_some(())
            })?;
        }
        Ok(())
    }

    fn each_flow(&self, change: impl Fn(&mut Flow)) {
        self.shared
            .all
            .send_modify(|flows| flows.iter_mut().for_each(&change));
        self.shared.record(|_| ());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn server(&self) -> SocketAddr {
        let port = self.server.load(Ordering::Relaxed);
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an observation, and wakes the tests that wait for one. Returns what `observe` returns.
    fn record<T>(&self, observe: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.lock();
        seen.observed += 1;
        let result = observe(&mut seen);
        self.changed.notify_all();
        result
    }

    fn arrive(self: &Arc<Self>, client: SocketAddr) -> (Connection, watch::Receiver<Wanted>) {
        let (wanted, commands) = watch::channel(Wanted::default());
        let connection = self.record(|seen| {
            seen.arrived += 1;
            let number = seen.arrived;
            let connection = Connection::new(number, client, wanted, Arc::clone(self));
            let entry = (connection.clone(), Traffic::default());
            seen.open.insert(number, entry);
            connection
        });
        (connection, commands)
    }

    /// Calls `find` again after each observation until it returns a value, and returns that value. Fails if there is
    /// none after 30 seconds; the error has `what`.
    fn wait_for<T>(&self, what: &str, find: impl Fn() -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let observed = self.lock().observed;
            if let Some(found) = find() {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::other(format!("not within {PATIENCE:?}: {what}")));
            }
            let is_old = |seen: &mut Seen| seen.observed == observed;
            drop(self.changed.wait_timeout_while(self.lock(), left, is_old));
        }
    }
}
