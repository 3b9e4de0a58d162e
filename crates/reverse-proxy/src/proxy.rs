//! What all workers share of the proxy to one back end.

use std::sync::Arc;

use crate::address::Address;
use crate::admission::Admission;
use crate::balance::Targets;
use crate::connect::Connector;
use crate::settings::{Settings, SettingsError};
use crate::worker::ProxyWorker;

/// The proxy to one back end: its limits, and what is known about its addresses. Clones share one state.
#[derive(Clone)]
pub struct ReverseProxy(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) name: &'static str,
    pub(crate) settings: Settings,
    pub(crate) admission: Admission,
    pub(crate) targets: Targets,
    pub(crate) connector: Connector,
}

/// What is known about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressStatus {
    /// The address.
    pub address: Arc<Address>,
    /// Number of calls that it is processing, with the responses that are still being sent.
    pub in_flight: usize,
    /// Whether it gets calls.
    pub state: AddressState,
}

/// Whether an address gets calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressState {
    /// It gets calls.
    Available,
    /// Its last health checks failed.
    Unhealthy,
    /// Too many calls failed in a row.
    Ejected,
}

impl ReverseProxy {
    /// Sets up the proxy to a back end. `name` is for logs. Opens no connection.
    ///
    /// # Errors
    /// A setting is outside its range, or a file for TLS cannot be used.
    pub fn new(name: &'static str, settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let connector = Connector::new(&settings)?;
        Ok(Self(Arc::new(Shared {
            name,
            admission: Admission::new(&settings),
            targets: Targets::new(name, &settings),
            connector,
            settings,
        })))
    }

    /// Returns a handle that sends calls, for one thread: it has its own idle connections.
    pub fn worker(&self) -> ProxyWorker {
        ProxyWorker::new(self.clone())
    }

    /// Returns what is known about each address, in the order of the settings.
    pub fn addresses(&self) -> Vec<AddressStatus> {
        self.0.targets.statuses()
    }

    /// Returns the number of calls that wait for a connection.
    pub fn waiting(&self) -> usize {
        self.0.admission.waiting()
    }
}
