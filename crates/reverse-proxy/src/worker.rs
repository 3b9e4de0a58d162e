//! Sends calls to a back end, over the idle connections of one thread or new ones.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::error::PayloadError;
use tokio::sync::OwnedSemaphorePermit;

use crate::address::Address;
use crate::balance::Attempt;
use crate::connection::{Connection, Failure};
use crate::error::SendError;
use crate::idle::IdleConnections;
use crate::outgoing::Outgoing;
use crate::proxy::ReverseProxy;
use crate::request::OutgoingRequest;
use crate::response::reply;

/// Sends calls to a back end, from one thread. Clones share the idle connections.
#[derive(Clone)]
pub struct ProxyWorker(Rc<Worker>);

struct Worker {
    proxy: ReverseProxy,
    /// Connections to each address, in the order of the settings.
    idle: Vec<Rc<IdleConnections>>,
}

/// The response of a back end.
pub struct Reply {
    /// The response, without hop-by-hop headers. Its body is read from the back end as it is sent.
    pub response: HttpResponse,
    /// The address that it came from.
    pub address: Arc<Address>,
}

/// What a call holds until its response has been sent.
pub(crate) struct Lease {
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) attempt: Attempt,
}

impl ProxyWorker {
    pub(crate) fn new(proxy: ReverseProxy) -> Self {
        let addresses = proxy.0.settings.addresses.iter();
        let idle = addresses.map(|_| Rc::default()).collect();
        Self(Rc::new(Worker { proxy, idle }))
    }

    /// Sends a call, and returns the response as soon as its head has arrived. If the returned future or the response is dropped,
    /// the connection is closed, so that the back end can end its work.
    ///
    /// A request of which a byte may have been sent is not repeated.
    ///
    /// # Errors
    /// There is no response, or none that can be passed on.
    pub async fn send(&self, request: OutgoingRequest) -> Result<Reply, SendError> {
        let client_gone = request.client_gone.clone();
        tokio::select! {
            biased;
            reply = self.0.exchange(request) => reply,
            () = client_gone.raised() => Err(SendError::Body(PayloadError::Incomplete(None))),
        }
    }
}

impl Worker {
    async fn exchange(&self, request: OutgoingRequest) -> Result<Reply, SendError> {
        let shared = &*self.proxy.0;
        let mut outgoing = Outgoing::new(request)?;
        shared.targets.check_available()?;
        let permit = shared.admission.enter().await?;
        let mut tried = Vec::new();
        let mut error = None;
        while let Some(attempt) = shared.targets.choose(&tried) {
            tried.push(attempt.index);
            match self.attempt(attempt, outgoing).await {
                Ok(answered) => return reply(answered, permit),
                Err(Failure::Final(error)) => return Err(error),
                // Another address may be reachable.
                Err(Failure::NotSent(unsent, reason)) => {
                    outgoing = unsent;
                    error = Some(reason);
                }
            }
        }
        Err(error.unwrap_or_else(|| shared.targets.unavailable()))
    }
}
