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

/// Limits the time for the body. Returns a flag that is set once the body has taken longer, or `None` if the
/// request has no body.
pub(super) fn limit_time(limit: Duration, request: &mut ServiceRequest) -> Option<Rc<Cell<bool>>> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let late = Rc::new(Cell::new(false));
    let timed = TimedBody {
        payload,
        deadline: Box::pin(sleep(limit)),
        late: Rc::clone(&late),
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(timed),
    });
    Some(late)
}

/// A body with a deadline.
struct TimedBody {
    payload: Payload,
    deadline: Pin<Box<Sleep>>,
    late: Rc<Cell<bool>>,
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = Pin::new(&mut self.payload).poll_next(cx);
        if item.is_pending() && self.deadline.as_mut().poll(cx).is_ready() {
            self.late.set(true);
            let error = PayloadError::Io(ErrorKind::TimedOut.into());
            return Poll::Ready(Some(Err(error)));
        }
        item
    }
}
