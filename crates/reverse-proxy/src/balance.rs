//! Selects the address of each call, and records how the calls ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::address::Address;
use crate::breaker::{Breaker, Pass};
use crate::error::SendError;
use crate::proxy::{AddressState, AddressStatus};
use crate::settings::Settings;

/// The addresses of a back end.
pub(crate) struct Targets {
    list: Vec<Arc<Target>>,
    /// Number of selections so far: addresses with equally many calls take turns.
    turn: AtomicUsize,
    health_interval: Duration,
}

/// An address, and what is known about it.
pub(crate) struct Target {
    name: &'static str,
    pub(crate) address: Arc<Address>,
    in_flight: AtomicUsize,
    breaker: Breaker,
    healthy: AtomicBool,
}

/// A call that is sent to an address. If it is dropped before its outcome is recorded, the address has neither succeeded nor
/// failed.
pub(crate) struct Attempt {
    pub(crate) target: Arc<Target>,
    /// Number of the address in the settings.
    pub(crate) index: usize,
    /// `None` after the outcome is recorded.
    pass: Option<Pass>,
}

impl Targets {
    pub(crate) fn new(name: &'static str, settings: &Settings) -> Self {
        let target = |address: &Address| {
            Arc::new(Target {
                name,
                address: Arc::new(address.clone()),
                in_flight: AtomicUsize::new(0),
                breaker: Breaker::new(settings),
                healthy: AtomicBool::new(true),
            })
        };
        Self {
            list: settings.addresses.iter().map(target).collect(),
            turn: AtomicUsize::new(0),
            health_interval: settings.health_interval,
        }
    }

    pub(crate) fn all(&self) -> &[Arc<Target>] {
        &self.list
    }

    pub(crate) fn statuses(&self) -> Vec<AddressStatus> {
        self.list.iter().map(|target| target.status()).collect()
    }

    /// Returns an error if no address gets calls at present.
    pub(crate) fn check_available(&self) -> Result<(), SendError> {
        let now = Instant::now();
        let gets_calls =
            |target: &Arc<Target>| target.is_healthy() && target.breaker.lets_through(now);
        if self.list.iter().any(gets_calls) {
            Ok(())
        } else {
            Err(self.unavailable())
        }
    }

    /// Returns the error of a call that no address gets.
    pub(crate) fn unavailable(&self) -> SendError {
        let now = Instant::now();
        let waits = self.list.iter().map(|target| {
            if target.is_healthy() {
                target.breaker.remaining(now)
            } else {
                self.health_interval
            }
        });
        SendError::overloaded(waits.min().unwrap_or_default())
    }

    /// Selects the address with the fewest calls of those that were not tried, or returns `None` if none gets calls.
    pub(crate) fn choose(&self, tried: &[usize]) -> Option<Attempt> {
        let count = self.list.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut order: Vec<usize> = (0..count).map(|step| (turn + step) % count).collect();
        order.retain(|index| !tried.contains(index) && self.list[*index].is_healthy());
        // A stable sort: addresses with equally many calls take turns.
        order.sort_by_key(|index| self.list[*index].in_flight.load(Ordering::Relaxed));
        let now = Instant::now();
        order.into_iter().find_map(|index| {
            let pass = self.list[index].breaker.enter(now)?;
            let target = Arc::clone(&self.list[index]);
            target.in_flight.fetch_add(1, Ordering::Relaxed);
            Some(Attempt {
                target,
                index,
                pass: Some(pass),
            })
        })
    }
}

impl Target {
    fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    fn status(&self) -> AddressStatus {
        let state = if self.breaker.is_open() {
            AddressState::Ejected
        } else if self.is_healthy() {
            AddressState::Available
        } else {
            AddressState::Unhealthy
        };
        AddressStatus {
            address: Arc::clone(&self.address),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            state,
        }
    }

    /// Records whether health checks succeed.
    pub(crate) fn set_healthy(&self, healthy: bool) {
        if self.healthy.swap(healthy, Ordering::Relaxed) == healthy {
            return;
        }
        let (backend, address) = (self.name, &self.address);
        if healthy {
            tracing::info!(backend, %address, "health checks of the back end succeed again");
        } else {
            tracing::warn!(backend, %address, "health checks of the back end fail, it gets no calls");
        }
    }
}

impl Attempt {
    /// Records that the address responded.
    pub(crate) fn succeed(&mut self) {
        if self.pass.take().is_some() && self.target.breaker.succeed() {
            let (backend, address) = (self.target.name, &self.target.address);
            tracing::info!(backend, %address, "the back end responds again");
        }
    }

    /// Records that the address failed, unless `error` is the client's.
    pub(crate) fn fail(&mut self, error: &SendError) {
        if matches!(error, SendError::Body(_)) {
            return;
        }
        if self.pass.take().is_some() && self.target.breaker.fail(Instant::now()) {
            let (backend, address) = (self.target.name, &self.target.address);
            tracing::warn!(backend, %address, %error, "the back end failed too often, it gets no calls for a while");
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(pass) = self.pass {
            self.target.breaker.abandon(pass, Instant::now());
        }
        self.target.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
