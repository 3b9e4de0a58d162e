//! Processes requests to their end, even if the client closes the connection before the response.
//!
//! actix-http drops the future of a handler when the client resets the connection, at whichever `await` it
//! is. Changes that the handler has made by then would not be recorded.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

use actix_service::{Service as _, ServiceFactory, apply_fn_factory};
use actix_web::rt::net::TcpStream;
use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use isogloss_reverse_proxy::ClientGone;
use tokio::task_local;

task_local! {
    /// The connection whose requests are processed.
    static CONNECTION: Rc<ConnectionTasks>;
}

/// Number of requests that are being processed, in all workers of all listeners.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlightRequests(Arc<AtomicUsize>);

impl InFlightRequests {
    /// Returns the number of requests. Requests that a worker dropped when it ended stay counted for ever.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a request until `InFlightRequest::end` is called on the returned value, or a panic drops the value.
    fn begin(&self) -> InFlightRequest {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlightRequest(self.clone())
    }
}

/// A request that is being processed.
struct InFlightRequest(InFlightRequests);

impl InFlightRequest {
    fn end(self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A handler that panics has ended, too: its request is no longer counted.
impl Drop for InFlightRequest {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct ConnectionTasks {
    in_flight: InFlightRequests,
    /// Tasks of the requests whose client has closed the connection.
    abandoned: RefCell<Vec<JoinHandle<()>>>,
}

/// Wraps the service that serves connections. A connection counts as open, against the limit of connections and
/// at a shutdown, until the requests that its client abandoned have been processed. A worker does not end
/// before that.
pub(crate) fn count_until_processed<S>(
    connections: S,
    in_flight: InFlightRequests,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = S::Error, InitError = S::InitError>
where
    S: ServiceFactory<TcpStream, Config = (), Response = ()>,
{
    apply_fn_factory(connections, move |stream, service: &S::Service| {
        let connection = Rc::new(ConnectionTasks {
            in_flight: in_flight.clone(),
            abandoned: RefCell::default(),
        });
        let serving = CONNECTION.scope(Rc::clone(&connection), service.call(stream));
        async move {
            let outcome = serving.await;
            for request in connection.abandoned.take() {
                // The panic hook has logged a request that panicked.
                drop(request.await);
            }
            outcome
        }
    })
}

/// Returns a future that processes a request to its end: in place as long as the client waits, and in a task of
/// its own once the connection drops it.
pub(crate) fn complete<F: Future + 'static>(work: F) -> Completion<F> {
    complete_or_end(work, None)
}

/// Returns a future as [`complete`] does. `client_gone` is raised once the connection drops it, so that a call to a back end
/// ends.
pub(crate) fn complete_or_end<F: Future + 'static>(
    work: F,
    client_gone: Option<ClientGone>,
) -> Completion<F> {
    let in_flight = CONNECTION.try_with(|connection| connection.in_flight.begin());
    Completion(Some(Processing {
        work: Box::pin(work),
        in_flight: in_flight.ok(),
        client_gone,
    }))
}

/// Future that [`complete`] returns.
pub(crate) struct Completion<F: Future + 'static>(Option<Processing<F>>);

struct Processing<F> {
    work: Pin<Box<F>>,
    /// `None` outside of a server, in tests.
    in_flight: Option<InFlightRequest>,
    client_gone: Option<ClientGone>,
}

impl<F> Processing<F> {
    fn end(self) {
        if let Some(in_flight) = self.in_flight {
            in_flight.end();
        }
    }
}

impl<F: Future + 'static> Future for Completion<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out while it is polled: a future that panics must not be polled again.
        let Some(mut processing) = self.0.take() else {
            return Poll::Pending;
        };
        let polled = processing.work.as_mut().poll(cx);
        if polled.is_pending() {
            self.0 = Some(processing);
        } else {
            processing.end();
        }
        polled
    }
}

impl<F: Future + 'static> Drop for Completion<F> {
    fn drop(&mut self) {
        let Some(mut processing) = self.0.take() else {
            return;
        };
        if let Some(client_gone) = &processing.client_gone {
            client_gone.raise();
        }
        let processed = spawn(async move {
            drop(processing.work.as_mut().await);
            processing.end();
        });
        // Without a connection, as in tests, nothing waits for the task.
        let _ = CONNECTION.try_with(|connection| connection.abandoned.borrow_mut().push(processed));
    }
}

#[cfg(test)]
mod tests;
