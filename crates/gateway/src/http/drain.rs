//! Whether the gateway is about to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ServiceResponse;
use actix_web::http::ConnectionType;

/// Whether the gateway is about to end: from then on each response is the last one of its connection, so
/// that clients send their next request elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Begins it.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Has the connection closed after this response, and the response say so, if it has begun.
    pub(crate) fn write<B>(&self, response: &mut ServiceResponse<B>) {
        if self.has_begun() {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
    }
}
