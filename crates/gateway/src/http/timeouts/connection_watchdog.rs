//! Closes connections that have had no request in progress for too long.
//!
//! On such a connection the next head arrives too slowly, or the client sends a body that no handler reads, or
//! does not receive its response.

use std::any::Any;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::Error;
use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::error::ErrorBadRequest;
use actix_web::http::ConnectionType;
use actix_web::rt::net::TcpStream;
use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use metrics::{Gauge, gauge};
use socket2::{SockRef, Socket};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

/// How long a client that was too slow may take to receive its response.
const FINAL_RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Returns a callback for `on_connect` that closes connections without a request in progress for
/// `idle_timeout`.
///
/// actix-http owns the socket. A duplicate of its file descriptor allows the watchdog to shut it down.
pub(crate) fn watch_connections(
    listener: &'static str,
    idle_timeout: Duration,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    // One gauge for all threads: it has the sum of their connections.
    let open = gauge!("isogloss_http_connections", "listener" => listener);
    open.set(0);
    move |stream, data| {
        let encrypted = stream.downcast_ref::<TlsStream<TcpStream>>();
        let below = encrypted.map(|stream| stream.get_ref().0);
        let Some(stream) = below.or_else(|| stream.downcast_ref::<TcpStream>()) else {
            return;
        };
        let socket = SockRef::from(stream);
        // With `TCP_NODELAY`, a response does not wait until the client has acknowledged the one before.
        // A socket on which it cannot be set works without it.
        drop(socket.set_tcp_nodelay(true));
        match socket.try_clone() {
            Ok(copy) => {
                data.insert(WatchedConnection::start(copy, idle_timeout, open.clone()));
            }
            // No file descriptor is left. A connection that cannot be watched is not served.
            Err(error) => {
                warn!(%error, "cannot watch a connection, so it is closed");
                drop(socket.shutdown(Shutdown::Both));
            }
        }
    }
}

/// A connection that is watched until this value is dropped.
pub(crate) struct WatchedConnection {
    state: Rc<ConnectionState>,
    watchdog: JoinHandle<()>,
    open: Gauge,
}

impl WatchedConnection {
    /// Starts the watchdog of a connection: a task that closes `socket` once no request was in progress for
    /// `idle_timeout`. The connection is watched, and counted in `open`, until the returned value is dropped.
    fn start(socket: Socket, idle_timeout: Duration, open: Gauge) -> Self {
        open.increment(1);
        let state = Rc::new(ConnectionState {
            requests: Cell::new(0),
            deadline: Cell::new(Instant::now() + idle_timeout),
            idle_timeout: Cell::new(idle_timeout),
            is_last_request: Cell::new(false),
            deadline_changed: Notify::new(),
            closed: Notify::new(),
            socket,
        });
        let watchdog = spawn(Rc::clone(&state).close_at_deadline());
        Self {
            state,
            watchdog,
            open,
        }
    }

    /// Returns the state that the watchdog shares with requests.
    pub(crate) fn handle(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }
}

impl Drop for WatchedConnection {
    fn drop(&mut self) {
        self.watchdog.abort();
        self.open.decrement(1);
    }
}

/// State of a connection.
pub(crate) struct ConnectionState {
    /// Number of requests in progress.
    requests: Cell<usize>,
    deadline: Cell<Instant>,
    idle_timeout: Cell<Duration>,
    /// Whether the client has said in its last request that no other one follows.
    is_last_request: Cell<bool>,
    deadline_changed: Notify,
    closed: Notify,
    socket: Socket,
}

impl ConnectionState {
    /// Returns whether the client has announced that its current request is the last one.
    pub(super) fn is_last_request(&self) -> bool {
        self.is_last_request.get()
    }

    /// Rejects a request that follows the last one, unread and without a response (RFC 9112, section 9.6):
    /// actix-http would serve a request that an attacker has hidden there from a proxy. Always fails, once the
    /// connection is closed.
    pub(super) async fn reject<T>(self: Rc<Self>) -> Result<T, Error> {
        self.shorten_deadline();
        self.closed.notified().await;
        Err(ErrorBadRequest("a request behind the last one"))
    }

    /// Counts a request as in progress until the returned value is dropped.
    pub(super) fn begin(self: &Rc<Self>, request: &ServiceRequest) -> RequestInProgress {
        let is_last = request.head().connection_type() == ConnectionType::Close;
        self.is_last_request.set(is_last);
        RequestInProgress::new(Rc::clone(self))
    }

    /// Counts a response that is being received from a back end as in progress until the returned value is dropped.
    pub(super) fn continue_response(self: &Rc<Self>) -> RequestInProgress {
        RequestInProgress::new(Rc::clone(self))
    }

    /// Returns whether the client has closed its side of the connection. A client that has only half-closed it, and still waits
    /// for its response, looks the same.
    pub(super) fn is_closed_by_client(&self) -> bool {
        matches!(self.socket.peek(&mut [MaybeUninit::uninit()]), Ok(0))
    }

    /// Leaves only [`FINAL_RESPONSE_TIMEOUT`] for the response that is about to be sent, the last one of the
    /// connection.
    pub(crate) fn shorten_deadline(&self) {
        self.idle_timeout.set(FINAL_RESPONSE_TIMEOUT);
        self.extend_deadline();
        self.deadline_changed.notify_one();
    }

    /// Moves the deadline to the idle timeout from now.
    fn extend_deadline(&self) {
        self.deadline.set(Instant::now() + self.idle_timeout.get());
    }

    /// Closes the connection at the deadline, unless a request is in progress then.
    async fn close_at_deadline(self: Rc<Self>) {
        loop {
            tokio::select! {
                () = sleep_until(self.deadline.get()) => {}
                () = self.deadline_changed.notified() => continue,
            }
            if self.requests.get() > 0 {
                // The end of a request extends the deadline, too.
                self.extend_deadline();
            } else if self.deadline.get() <= Instant::now() {
                break;
            }
        }
        debug!("a connection made no progress for too long, so it is closed");
        // actix-http notices the shutdown and drops the connection. An error means that the connection has
        // already ended.
        drop(self.socket.shutdown(Shutdown::Both));
        self.closed.notify_one();
    }
}

/// A request in progress.
pub(super) struct RequestInProgress(Rc<ConnectionState>);

impl RequestInProgress {
    fn new(state: Rc<ConnectionState>) -> Self {
        state.requests.set(state.requests.get() + 1);
        Self(state)
    }
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        let Self(state) = self;
        state.requests.set(state.requests.get().saturating_sub(1));
        state.extend_deadline();
    }
}
