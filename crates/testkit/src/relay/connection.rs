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
    Answers,
}

impl Direction {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Requests, Self::Answers];
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

    /// Returns which connection of its relay it is: the first one is 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the client's address.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// Whether neither side has ended it yet.
    pub fn is_open(&self) -> bool {
        self.traffic(|_| ()).is_some()
    }

    /// Whether the client sent this text among its first 16 KiB. False of a connection that has ended.
    pub fn has_sent(&self, text: &str) -> bool {
        let found = self.traffic(|traffic| {
            let mut windows = traffic.sent.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        });
        found.unwrap_or_default()
    }

    /// Whether bytes of that direction are held, by a stall of this connection or of the whole relay.
    pub fn is_stalled(&self, direction: Direction) -> bool {
        let index = direction as usize;
        let own = self.wanted.borrow().flows[index].is_stalled;
        own || self.shared.all.borrow()[index].is_stalled
    }

    /// Returns how many bytes wait in the relay.
    pub fn held(&self, direction: Direction) -> usize {
        let held = self.traffic(|traffic| traffic.held[direction as usize]);
        held.unwrap_or_default()
    }

    /// Returns how many bytes the relay has handed on. 0 of a connection that has ended.
    pub fn passed(&self, direction: Direction) -> u64 {
        let passed = self.traffic(|traffic| traffic.passed[direction as usize]);
        passed.unwrap_or_default()
    }

    /// Waits until bytes that came in that direction are held, 30 seconds at most.
    pub fn wait_until_held(&self, direction: Direction) -> Result<()> {
        let what = format!("connection {} holds bytes", self.number);
        self.shared
            .wait_for(&what, || (self.held(direction) > 0).then_some(()))
    }

    /// Waits until it has ended, 30 seconds at most.
    pub fn wait_until_ended(&self) -> Result<()> {
        let what = format!("connection {} ends", self.number);
        self.shared
            .wait_for(&what, || (!self.is_open()).then_some(()))
    }

    /// Lets no byte pass in that direction; the end of the stream neither.
    pub fn stall(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_stalled = true);
    }

    /// Lets no byte pass in either direction: it is open and silent.
    pub fn silence(&self) {
        for direction in Direction::BOTH {
            self.stall(direction);
        }
    }

    /// Ends [`stall`](Self::stall): what was held passes.
    pub fn go_on(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_stalled = false);
    }

    /// Holds all bytes for that long before they pass. Zero ends it.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.change(direction, |flow| flow.delay = delay);
    }

    /// Loses what comes next in that direction: it arrives nowhere, and the connection is reset. So a server has
    /// done what it was asked for, and the client does not hear of it.
    pub fn lose(&self, direction: Direction) {
        self.change(direction, |flow| flow.is_lost = true);
    }

    /// Lets what comes next from the client pass, and nothing more in either direction: the server has got a
    /// request, and all is silent from then on.
    pub fn silence_after_request(&self) {
        self.stall(Direction::Answers);
        self.change(Direction::Requests, |flow| flow.is_last = true);
    }

    /// Ends it now. What is held is lost.
    pub fn cut(&self, how: Cut) {
        self.wanted.send_modify(|wanted| wanted.cut = Some(how));
    }

    fn change(&self, direction: Direction, change: impl FnOnce(&mut Flow)) {
        self.wanted
            .send_modify(|wanted| change(&mut wanted.flows[direction as usize]));
        self.shared.record(|_| ());
    }

    /// `None` if it has ended.
    fn traffic<T>(&self, read: impl FnOnce(&Traffic) -> T) -> Option<T> {
        let seen = self.shared.lock();
        let (_, traffic) = seen.open.get(&self.number)?;
        Some(read(traffic))
    }
}
