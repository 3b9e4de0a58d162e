//! The body of a response whose bytes are counted.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;

use super::open_entry::OpenEntry;

pin_project! {
    /// The body of a response. The entry of the request is written when the body is dropped.
    pub(crate) struct LoggedBody<B> {
        #[pin]
        body: B,
        entry: Option<OpenEntry>,
    }
}

impl<B> LoggedBody<B> {
    /// Returns a body that records in that entry, if there is one, how much of it is sent.
    pub(super) fn new(body: B, entry: Option<OpenEntry>) -> Self {
        Self { body, entry }
    }
}

impl<B: MessageBody> MessageBody for LoggedBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_next(context);
        if let Some(entry) = this.entry {
            match &polled {
                Poll::Ready(Some(Ok(bytes))) => entry.add_bytes(bytes.len()),
                Poll::Ready(None) => entry.complete(),
                Poll::Ready(Some(Err(_))) | Poll::Pending => {}
            }
        }
        polled
    }
}
