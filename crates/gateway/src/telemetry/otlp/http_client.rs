//! Sends spans to the collector over HTTP. Only the thread that sends waits for it.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use thiserror::Error;
use tracing::{info, warn};
use ureq::http::StatusCode;
use ureq::http::header::CONTENT_TYPE;

use crate::config::BaseUrl;
use crate::http_client::{self, RequestError};

/// A collector, and whether it accepted the last spans.
#[derive(Debug)]
pub(super) struct Collector {
    client: http_client::HttpClient,
    is_failing: AtomicBool,
}

/// Reason why spans were not accepted.
#[derive(Debug, Error)]
enum CollectorError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("it answered {}", .0.as_u16())]
    Status(StatusCode),
}

impl Collector {
    /// Creates a client for the collector at that URL.
    pub(super) fn new(base: BaseUrl) -> Self {
        Self {
            client: http_client::HttpClient::new(base),
            is_failing: AtomicBool::new(false),
        }
    }

    /// Sends spans, and returns the collector's response. Fails if the collector is unreachable or does not
    /// accept them.
    fn post(&self, spans: &Request<Bytes>) -> Result<Response<Bytes>, CollectorError> {
        let request = Request::post(self.client.url("/v1/traces"))
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(spans.body().as_ref());
        let response = self.client.send(request)?;
        if response.status().is_success() {
            Ok(response.map(Bytes::from))
        } else {
            Err(CollectorError::Status(response.status()))
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.post(&request);
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(reason) if !was_failing => {
                warn!(collector = self.client.base().as_str(), %reason, "traces cannot be sent, and are lost meanwhile");
            }
            Ok(_) if was_failing => info!("traces are sent again"),
            Ok(_) | Err(_) => {}
        }
        Ok(sent?)
    }
}
