//! The flag that says whether the gateway is about to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ServiceResponse;
use actix_web::http::{ConnectionType, StatusCode};

/// Flag that says whether the gateway is about to stop. Once it is set, each response is the last one of its
/// connection, so that clients send their next request to another gateway.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Sets the flag that the gateway is about to stop. From now on, `/readyz` responds with 503, and each response
    /// is the last one of its connection.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the gateway is about to stop.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// If the gateway is about to stop, makes the server announce in this response that the connection ends, and
    /// close the connection after the response. A connection that changes its protocol ends by itself.
    pub(crate) fn write<B>(&self, response: &mut ServiceResponse<B>) {
        if self.has_begun() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
    }
}
