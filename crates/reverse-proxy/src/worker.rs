//! Sends calls to a back end, over the idle connections of one thread or new ones.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::error::PayloadError;
use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use crate::address::Address;
use crate::balance::{Attempt, Target};
use crate::connection::{Connection, Unanswered};
use crate::error::SendError;
use crate::idle::IdleConnections;
use crate::outgoing::Outgoing;
use crate::proxy::ReverseProxy;
use crate::request::OutgoingRequest;
use crate::request_body::RequestBody;
use crate::response::{Answered, convert};

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

/// The permit of a call and its attempt at an address, which end when its response has been sent.
pub(crate) struct Lease {
    pub(crate) attempt: Attempt,
    _permit: OwnedSemaphorePermit,
}

/// Why an address gave no response.
enum Failed {
    /// Not a byte of the request was sent.
    NotSent(Box<Request<RequestBody>>, SendError),
    /// Some of it may have been sent.
    Lost(SendError),
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
            () = client_gone.raised() => Err(SendError::Body(PayloadError::Incomplete(None))),
            reply = self.0.exchange(request) => reply,
        }
    }

    /// Returns the number of open connections without a call.
    #[cfg(test)]
    pub(crate) fn idle_connections(&self) -> usize {
        self.0.idle.iter().map(|idle| idle.len()).sum()
    }
}

impl Worker {
    async fn exchange(&self, call: OutgoingRequest) -> Result<Reply, SendError> {
        let shared = &*self.proxy.0;
        let Outgoing {
            mut request,
            context,
            host,
        } = Outgoing::new(call)?;
        shared.targets.check_available()?;
        let permit = shared.admission.enter().await?;
        let mut tried = Vec::new();
        let mut error = None;
        while let Some(mut attempt) = shared.targets.choose(&tried) {
            let (index, target) = (attempt.index, Arc::clone(&attempt.target));
            tried.push(index);
            let host = shared.settings.host.value(host.as_ref(), &target.address);
            request.headers_mut().insert(HOST, host?);
            match self.attempt(index, &target, request).await {
                Ok((connection, response)) => {
                    let answered = Answered {
                        response,
                        connection,
                        idle: Rc::clone(&self.idle[index]),
                        context,
                        lease: Lease {
                            attempt,
                            _permit: permit,
                        },
                    };
                    let response = convert(answered).await?;
                    let address = Arc::clone(&target.address);
                    return Ok(Reply { response, address });
                }
                Err(Failed::Lost(error)) => {
                    attempt.fail(&error);
                    return Err(error);
                }
                // Another address may be reachable.
                Err(Failed::NotSent(unsent, reason)) => {
                    attempt.fail(&reason);
                    request = *unsent;
                    error = Some(reason);
                }
            }
        }
        Err(error.unwrap_or_else(|| shared.targets.unavailable()))
    }

    /// Sends a request to an address, over an idle connection if one is open.
    async fn attempt(
        &self,
        index: usize,
        target: &Target,
        mut request: Request<RequestBody>,
    ) -> Result<(Connection, Response<Incoming>), Failed> {
        while let Some(mut connection) = self.idle[index].take().await {
            match connection.send(request).await {
                Ok(response) => return Ok((connection, response)),
                Err(Unanswered::Lost(error)) => return Err(Failed::Lost(error)),
                // The back end has closed the connection in the meantime.
                Err(Unanswered::NotSent(unsent)) => request = *unsent,
            }
        }
        let shared = &*self.proxy.0;
        let stream = shared.connector.connect(shared.name, &target.address);
        let stream = match stream.await {
            Ok(stream) => stream,
            Err(error) => return Err(Failed::NotSent(Box::new(request), error)),
        };
        let mut connection = match Connection::open(stream, &shared.settings).await {
            Ok(connection) => connection,
            Err(error) => return Err(Failed::NotSent(Box::new(request), error)),
        };
        match connection.send(request).await {
            Ok(response) => Ok((connection, response)),
            Err(Unanswered::Lost(error)) => Err(Failed::Lost(error)),
            Err(Unanswered::NotSent(unsent)) => {
                Err(Failed::NotSent(unsent, SendError::Unreachable))
            }
        }
    }
}
