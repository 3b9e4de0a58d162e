//! The timeout of request bodies.
//!
//! The handler that reads the body gets an error, and responds in the format of its dialect.

use std::cell::Cell;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

/// The deadline of a body, which the handler can lift. Clones share one state.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyDeadline(Rc<DeadlineState>);

#[derive(Debug, Default)]
struct DeadlineState {
    is_lifted: Cell<bool>,
    was_missed: Cell<bool>,
}

impl BodyDeadline {
    /// Removes the deadline.
    pub(super) fn lift(&self) {
        self.0.is_lifted.set(true);
    }

    /// Returns whether the body has taken longer.
    pub(super) fn was_missed(&self) -> bool {
        self.0.was_missed.get()
    }
}

/// Limits the time for the body. Returns the deadline, or `None` if the request has no body.
pub(super) fn limit_time(limit: Duration, request: &mut ServiceRequest) -> Option<BodyDeadline> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let limits = BodyDeadline::default();
    request.extensions_mut().insert(limits.clone());
    let timed = TimedBody {
        payload,
        deadline: Box::pin(sleep(limit)),
        limits: limits.clone(),
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(timed),
    });
    Some(limits)
}

/// A body with a deadline.
struct TimedBody {
    payload: Payload,
    deadline: Pin<Box<Sleep>>,
    limits: BodyDeadline,
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = Pin::new(&mut self.payload).poll_next(cx);
        let limits = Rc::clone(&self.limits.0);
        if item.is_pending()
            && !limits.is_lifted.get()
            && self.deadline.as_mut().poll(cx).is_ready()
        {
            limits.was_missed.set(true);
            let error = PayloadError::Io(ErrorKind::TimedOut.into());
            return Poll::Ready(Some(Err(error)));
        }
        item
    }
}
