//! The body of a response, as it is received from the back end and sent to the client.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use hyper::body::{Body as _, Incoming};
use thiserror::Error;

use crate::connection::Connection;
use crate::idle::IdleConnections;
use crate::request_body::BodyProgress;

/// The body of a response. Nothing is read from the back end before the client takes it. A body that breaks off ends with an
/// error, at which the server closes the client's connection.
pub(crate) struct ResponseBody {
    incoming: Incoming,
    size: BodySize,
    /// `None` after the end.
    receiving: Option<Receiving>,
}

/// The connection that a body is received over.
pub(crate) struct Receiving {
    pub(crate) connection: Connection,
    pub(crate) idle: Rc<IdleConnections>,
    pub(crate) request: Rc<BodyProgress>,
    /// Whether the back end can be sent another call.
    pub(crate) reusable: bool,
}

/// The back end did not send the whole body.
#[derive(Debug, Error)]
pub(crate) enum Interrupted {
    /// It closed the connection, or broke the framing.
    #[error("the back end did not send the whole body")]
    Incomplete,
    /// No byte was sent or received for too long.
    #[error("the body of the back end made no progress")]
    TimedOut,
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, size: BodySize, receiving: Receiving) -> Self {
        let mut body = Self {
            incoming,
            size,
            receiving: Some(receiving),
        };
        if body.incoming.is_end_stream() {
            body.end();
        }
        body
    }

    /// Ends the call. The connection is used again if nothing of the call is left on it.
    fn end(&mut self) {
        if let Some(receiving) = self.receiving.take() {
            receiving.connection.watch().release();
            if receiving.reusable && receiving.request.is_complete() {
                receiving.idle.put(receiving.connection);
            }
        }
    }
}

impl MessageBody for ResponseBody {
    type Error = Interrupted;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Interrupted>>> {
        while self.receiving.is_some() {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                // Trailers are dropped.
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(chunk) = frame.into_data() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
                Poll::Ready(Some(Err(_))) => {
                    let receiving = self.receiving.take();
                    let expired = receiving.is_some_and(|receiving| {
                        receiving.connection.watch().release();
                        receiving.connection.watch().is_expired()
                    });
                    let error = if expired {
                        Interrupted::TimedOut
                    } else {
                        Interrupted::Incomplete
                    };
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => self.end(),
            }
        }
        Poll::Ready(None)
    }
}

impl Drop for ResponseBody {
    /// Ends the permit of the call at once if the client is gone. The task of the connection notices it only later.
    fn drop(&mut self) {
        if let Some(receiving) = &self.receiving {
            receiving.connection.watch().release();
        }
    }
}
