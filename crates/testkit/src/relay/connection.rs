//! One connection through the relay, and what a test makes of it.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Shared, Traffic};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Requests,
    /// From the server to the client.
    Responses,
}

impl Direction {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Requests, Self::Responses];
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// With a RST to both sides.
    Reset,
    /// With a FIN to both sides.
    Close,
}

/// What becomes of the bytes of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) is_stalled: bool,
    pub(super) is_lost: bool,
    pub(super) is_last: bool,
    pub(super) delay: Duration,
}

/// What a test wants of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) flows: [Flow; 2],
    pub(super) cut: Option<Cut>,
}

/// A connection that a client made to the relay, which made one to the server for it.
#[derive(Debug, Clone)]
pub struct Connection {
    number: usize,
    client: SocketAddr,
    wanted: watch::Sender<Wanted>,
    shared: Arc<Shared>,
}

impl Connection {
    pub(super) fn new(
        number: usize,
        client: SocketAddr,
        wanted: watch::Sender<Wanted>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            number,
            client,
            wanted,
            shared,
        }
    }

    /// Returns the number of the connection within its relay; the first one is 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the address of the client.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// Returns whether neither side has closed the connection yet.
    pub fn is_open(&self) -> bool {
        self.traffic(|_| ()).is_some()
    }

    /// Returns whether the client sent this text among its first 16 KiB. `false` for a connection that has
    /// ended.
    pub fn has_sent(&self, text: &str) -> bool {
        let found = self.traffic(|traffic| {
            let mut windows = traffic.sent.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        });
        found.unwrap_or_default()
    }

    /// Returns whether bytes of that direction are held, by a stall of this connection or of the whole relay.
    pub fn is_stalled(&self, direction: Direction) -> bool {
        let index = direction as usize;
        let own = self.wanted.borrow().flows[index].is_stalled;
        own || self.shared.all.borrow()[index].is_stalled
    }

    /// Returns how many bytes wait in the relay in that direction.
    pub fn held(&self, direction: Direction) -> usize {
        let held = self.traffic(|traffic| traffic.held[direction as usize]);
        held.unwrap_or_default()
    }

    /// Returns how many bytes the relay has forwarded in that direction. 0 for a connection that has ended.
    pub fn passed(&self, direction: Direction) -> u64 {
        let passed = self.traffic(|traffic| traffic.passed[direction as usize]);
        passed.unwrap_or_default()
    }

    /// Waits until bytes of that direction are held.
    ///
    /// # Errors
    /// If none are held after 30 seconds.
    pub fn wait_until_held(&self, direction: Direction) -> Result<()> {
        let what = format!("connection {} holds bytes", self.number);
        self.shared
            .wait_for(&what, || (self.held(direction) > 0).then_some(()))
    }

    /// Waits until the connection has ended.
    ///
    /// # Errors
    /// If it is open after 30 seconds.
    pub fn wait_until_ended(&self) -> Result<()> {
        let what = format!("connection {} ends", self.number);
        self.shared
            .wait_for(&what, || (!self.is_open()).then_some(()))
    }

    /// Forwards no byte in that direction from now on, and no end of the stream.
    pub fn stall(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_stalled = true);
    }

    /// Forwards no byte in either direction from now on: the connection is open and silent.
    pub fn silence(&self) {
        for direction in Direction::BOTH {
            self.stall(direction);
        }
    }

    /// Ends [`stall`](Self::stall): forwards what was held.
    pub fn go_on(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_stalled = false);
    }

    /// Delays all bytes of that direction by that time. Zero ends the delay.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.change(direction, |flow| flow.delay = delay);
    }

    /// Drops the next bytes of that direction and resets the connection: for a response, the server has
    /// executed the request, and the client does not learn that.
    pub fn lose(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_lost = true);
    }

    /// Forwards the next bytes of the client, and nothing more in either direction: the server has a request,
    /// and the connection is silent from then on.
    pub fn silence_after_request(&self) {
        self.stall(Direction::Responses);
        self.change(Direction::Requests, |flow| flow.is_last = true);
    }

    /// Closes the connection now, in the manner of `how`. Bytes that are held are lost.
    pub fn cut(&self, how: Cut) {
        self.wanted.send_modify(|wanted| wanted.cut = Some(how));
    }

    fn change(&self, direction: Direction, change: impl FnOnce(&mut Flow)) {
        self.wanted
            .send_modify(|wanted| change(&mut wanted.flows[direction as usize]));
        self.shared.record(|_| ());
    }

    /// Returns what `read` returns for the state of the connection. `None` if the connection has ended.
    fn traffic<T>(&self, read: impl FnOnce(&Traffic) -> T) -> Option<T> {
        let seen = self.shared.lock();
        let (_, traffic) = seen.open.get(&self.number)?;
        Some(read(traffic))
    }
}
