//! Time limits of a connection to a back end.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::settings::Settings;
use crate::worker::Lease;

/// What a connection is used for, which determines how long it may be without progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for a call.
    Idle,
    /// The request is being sent.
    Sending,
    /// The request has been sent, and the head of the response has not arrived.
    AwaitingHead,
    /// The response is being received.
    Receiving,
    /// It is upgraded.
    Upgraded,
}

/// Determines when a connection has been without progress for too long.
pub(crate) struct Watch {
    limits: Limits,
    phase: Cell<Phase>,
    /// When the phase began, or the last byte was sent or received.
    since: Cell<Instant>,
    /// The time for which `expire` sleeps.
    alarm: Cell<Instant>,
    /// Notified when a deadline before `alarm` is set.
    earlier: Notify,
    expired: Cell<bool>,
    /// The permit and the attempt of the call, until its response has been sent.
    lease: RefCell<Option<Lease>>,
}

#[derive(Clone, Copy)]
struct Limits {
    keep_alive: Duration,
    body: Duration,
    head: Duration,
    upgraded: Duration,
}

impl Watch {
    /// Watches a connection that waits for its first call.
    pub(crate) fn new(settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            limits: Limits {
                keep_alive: settings.keep_alive,
                body: settings.idle_timeout,
                head: settings.response_timeout,
                upgraded: settings.websocket_idle_timeout,
            },
            // Until the call is sent.
            phase: Cell::new(Phase::Sending),
            since: Cell::new(now),
            alarm: Cell::new(now),
            earlier: Notify::new(),
            expired: Cell::new(false),
            lease: RefCell::default(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Returns true if the connection was ended for its lack of progress.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.get()
    }

    /// Begins a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(Instant::now());
        if self.deadline() < self.alarm.get() {
            self.earlier.notify_one();
        }
    }

    /// Records that the whole request has been sent. The response may have begun before.
    pub(crate) fn request_sent(&self) {
        if self.phase.get() == Phase::Sending {
            self.enter(Phase::AwaitingHead);
        }
    }

    /// Records that bytes were sent or received.
    pub(crate) fn progress(&self) {
        match self.phase.get() {
            Phase::Sending | Phase::Receiving | Phase::Upgraded => self.since.set(Instant::now()),
            // A head that arrives byte by byte takes no longer.
            Phase::Idle | Phase::AwaitingHead => {}
        }
    }

    /// Keeps the permit and the attempt of a call until its response has been sent.
    pub(crate) fn hold(&self, lease: Lease) {
        *self.lease.borrow_mut() = Some(lease);
    }

    /// Ends the permit and the attempt of the call: its response has been sent, or will not be.
    pub(crate) fn release(&self) {
        let lease = self.lease.borrow_mut().take();
        drop(lease);
    }

    /// Waits until the connection has been without progress for too long. The lease has ended then, even if the client does not
    /// read the response.
    pub(crate) async fn expire(&self) {
        loop {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                self.expired.set(true);
                self.release();
                return;
            }
            self.alarm.set(deadline);
            tokio::select! {
                () = sleep_until(deadline) => {}
                () = self.earlier.notified() => {}
            }
        }
    }

    fn deadline(&self) -> Instant {
        let limit = match self.phase.get() {
            Phase::Idle => self.limits.keep_alive,
            Phase::Sending | Phase::Receiving => self.limits.body,
            Phase::AwaitingHead => self.limits.head,
            Phase::Upgraded => self.limits.upgraded,
        };
        self.since.get() + limit
    }
}
