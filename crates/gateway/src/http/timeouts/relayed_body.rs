//! The body of a response that arrives from a back end while it is sent.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::CLIENT_CHECK_INTERVAL;
use super::connection_watchdog::{ConnectionState, RequestInProgress};

/// Body whose connection counts as in progress while it waits for the back end. While it waits for the client, the watchdog may
/// close the connection. The body ends with an error if the client closes the connection during a wait.
pub(super) struct RelayedBody {
    body: BoxBody,
    connection: Rc<ConnectionState>,
    waiting: Option<Waiting>,
}

/// The wait for the next part of a body.
struct Waiting {
    _in_progress: RequestInProgress,
    next_check: Pin<Box<Sleep>>,
}

impl RelayedBody {
    pub(super) fn new(body: BoxBody, connection: Rc<ConnectionState>) -> Self {
        Self {
            body,
            connection,
            waiting: None,
        }
    }
}

impl MessageBody for RelayedBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_next(cx);
        if polled.is_ready() {
            // The end of the wait extends the deadline of the connection.
            this.waiting = None;
            return polled;
        }
        let waiting = this.waiting.get_or_insert_with(|| Waiting {
            _in_progress: this.connection.continue_response(),
            next_check: Box::pin(sleep(CLIENT_CHECK_INTERVAL)),
        });
        while waiting.next_check.as_mut().poll(cx).is_ready() {
            if this.connection.is_closed_by_client() {
                return Poll::Ready(Some(Err(Box::new(io::Error::from(
                    ErrorKind::ConnectionAborted,
                )))));
            }
            let next = Instant::now() + CLIENT_CHECK_INTERVAL;
            waiting.next_check.as_mut().reset(next);
        }
        Poll::Pending
    }
}
