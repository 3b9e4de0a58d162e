//! The body of a request, as it is read from the client and sent to the back end.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream as _;
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::watch::{Phase, Watch};

/// The body of a request. Nothing is read from the client before the back end takes it.
pub(crate) struct RequestBody {
    start: Bytes,
    rest: Option<Payload>,
    /// Number of bytes that are left, if the client announced their number.
    left: Option<u64>,
    progress: Rc<BodyProgress>,
    /// The connection that the body is sent over.
    watch: Option<Rc<Watch>>,
}

/// How far a body has been sent.
#[derive(Default)]
pub(crate) struct BodyProgress {
    complete: Cell<bool>,
    waits_for_client: Cell<bool>,
    error: RefCell<Option<PayloadError>>,
}

/// The client did not send the whole body.
#[derive(Debug, Error)]
#[error("the client did not send the whole body")]
pub(crate) struct BodyFailed;

impl BodyProgress {
    /// Returns true if the whole body has been passed to the connection.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.get()
    }

    /// Returns the error if sending failed for lack of the client's bytes.
    pub(crate) fn take_error(&self, watch: &Watch) -> Option<PayloadError> {
        let stalled =
            watch.is_expired() && watch.phase() == Phase::Sending && self.waits_for_client.get();
        if stalled {
            return Some(PayloadError::Io(io::ErrorKind::TimedOut.into()));
        }
        self.error.take()
    }

    fn fail(&self, error: PayloadError) -> BodyFailed {
        *self.error.borrow_mut() = Some(error);
        BodyFailed
    }
}

impl RequestBody {
    pub(crate) fn new(start: Bytes, rest: Option<Payload>, length: Option<u64>) -> Self {
        let body = Self {
            start,
            rest,
            left: length,
            progress: Rc::default(),
            watch: None,
        };
        body.progress.complete.set(body.is_end_stream());
        body
    }

    pub(crate) fn progress(&self) -> Rc<BodyProgress> {
        Rc::clone(&self.progress)
    }

    /// Sets the connection that the body is sent over.
    pub(crate) fn attach(&mut self, watch: &Rc<Watch>) {
        watch.enter(Phase::Sending);
        if self.progress.is_complete() {
            watch.request_sent();
        }
        self.watch = Some(Rc::clone(watch));
    }

    fn complete(&self) {
        self.progress.complete.set(true);
        if let Some(watch) = &self.watch {
            watch.request_sent();
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if !self.start.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.start))));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(rest).poll_next(cx);
        self.progress.waits_for_client.set(polled.is_pending());
        polled
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyFailed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailed>>> {
        let chunk = match self.poll_chunk(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(chunk))) => chunk,
            Poll::Ready(Some(Err(error))) => {
                return Poll::Ready(Some(Err(self.progress.fail(error))));
            }
            Poll::Ready(None) => {
                if self.left.is_some_and(|left| left > 0) {
                    let error = self.progress.fail(PayloadError::Incomplete(None));
                    return Poll::Ready(Some(Err(error)));
                }
                self.complete();
                return Poll::Ready(None);
            }
        };
        if let Some(left) = self.left {
            let Some(left) = left.checked_sub(chunk.len() as u64) else {
                let error = self.progress.fail(PayloadError::EncodingCorrupted);
                return Poll::Ready(Some(Err(error)));
            };
            self.left = Some(left);
            if left == 0 {
                self.complete();
            }
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0) || (self.start.is_empty() && self.rest.is_none())
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}
