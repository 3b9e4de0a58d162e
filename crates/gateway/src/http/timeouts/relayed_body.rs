//! The body of a response that arrives from a back end while it is sent.

use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::connection_watchdog::{ConnectionState, RequestInProgress};

/// Body whose connection counts as in progress while it waits for the back end. While it waits for the client, the watchdog may
/// close the connection.
pub(super) struct RelayedBody {
    body: BoxBody,
    connection: Rc<ConnectionState>,
    waiting: Option<RequestInProgress>,
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
        } else if this.waiting.is_none() {
            this.waiting = Some(this.connection.continue_response());
        }
        polled
    }
}
