//! The collector that spans are sent to, over HTTP. Only the thread that sends waits for it.

use std::sync::atomic::{AtomicBool, Ordering};

use isogloss_exchange::{Failure, Host};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tracing::{info, warn};

/// A collector, and whether it took what it was sent last.
#[derive(Debug)]
pub(super) struct Collector {
    host: Host,
    is_away: AtomicBool,
}

impl Collector {
    pub(super) fn at(host: Host) -> Self {
        Self {
            host,
            is_away: AtomicBool::new(false),
        }
    }

    fn post(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let line = self.host.below("POST /v1/traces HTTP/1.1");
        let mut message = format!(
            "{line}\r\nHost: {}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.host.authority(),
            request.body().len()
        )
        .into_bytes();
        message.extend_from_slice(request.body());
        let answer = self.host.roundtrip(&message)?;
        let mut response = Response::new(Bytes::from(answer.body));
        *response.status_mut() = answer
            .status
            .try_into()
            .map_err(|_| Failure::new(format!("{} is no status", answer.status)))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(Failure::new(format!("it answered {}", answer.status)))
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.post(&request);
        let was_away = self.is_away.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(reason) if !was_away => {
                warn!(collector = self.host.base(), %reason, "traces cannot be sent, and are lost meanwhile");
            }
            Ok(_) if was_away => info!("traces are sent again"),
            Ok(_) | Err(_) => {}
        }
        Ok(sent?)
    }
}
