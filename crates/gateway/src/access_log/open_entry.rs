//! The entry of a request in progress.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use isogloss_core::log::LogQueue;

use super::SharedRecord;
use super::logged_body::LoggedBody;
use super::record::AccessRecord;

/// The entry of a request in progress. Its line is written when it is dropped: with the body of the response, or
/// before there is a response if the client closes the connection.
pub(crate) struct OpenEntry {
    queue: Arc<LogQueue<AccessRecord>>,
    record: SharedRecord,
    begun: Instant,
}

impl OpenEntry {
    /// Returns the entry of a request that began then.
    pub(super) fn new(
        queue: Arc<LogQueue<AccessRecord>>,
        record: SharedRecord,
        begun: Instant,
    ) -> Self {
        Self {
            queue,
            record,
            begun,
        }
    }

    /// Attaches the entry of a request, if there is one, to the body of the response. If the handler has failed, the
    /// entry is written now, with the status of the error.
    pub(crate) fn attach<B: MessageBody>(
        entry: Option<Self>,
        outcome: Result<ServiceResponse<B>, Error>,
    ) -> Result<ServiceResponse<LoggedBody<B>>, Error> {
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                if let Some(entry) = entry {
                    entry.change(|record| {
                        let status = error.as_response_error().status_code();
                        record.status = Some(status.as_u16());
                        record.is_complete = true;
                    });
                }
                return Err(error);
            }
        };
        if let Some(entry) = &entry {
            let size = response.response().body().size();
            entry.change(|record| {
                record.status = Some(response.status().as_u16());
                // Such a body is dropped without being read.
                record.is_complete = matches!(size, BodySize::None | BodySize::Sized(0));
            });
        }
        Ok(response.map_body(|_, body| LoggedBody::new(body, entry)))
    }

    /// Counts bytes of the body that are sent.
    pub(super) fn add_bytes(&self, count: usize) {
        self.change(|record| record.add_bytes(count));
    }

    /// Records that the whole body is sent.
    pub(super) fn complete(&self) {
        self.change(|record| record.is_complete = true);
    }

    fn change(&self, change: impl FnOnce(&mut AccessRecord)) {
        change(&mut self.record.0.borrow_mut());
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        // A request that was abandoned is processed to its end, and may still change its record.
        let mut record = self.record.0.borrow().clone();
        record.duration = self.begun.elapsed();
        if thread::panicking() && record.status.is_none() {
            record.status = Some(StatusCode::INTERNAL_SERVER_ERROR.as_u16());
        }
        self.queue.offer(record);
    }
}
