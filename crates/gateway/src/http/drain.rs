//! The flag that says whether the gateway is about to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ServiceResponse;
use actix_web::http::ConnectionType;

/// Flag that says whether the gateway is about to stop. Once it is set, each response is the last one of its
/// connection, so that clients send their next request to another gateway.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Sets the flag.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the flag is set.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Closes the connection after this response, and announces that in the response, if the flag is set.
    pub(crate) fn write<B>(&self, response: &mut ServiceResponse<B>) {
        if self.has_begun() {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
    }
}
