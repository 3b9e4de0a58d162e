//! Health checks of the addresses of a back end.

use std::sync::Arc;

use futures_util::future::join_all;
use http::header::{HOST, USER_AGENT};
use http::{Request, StatusCode};
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::balance::Target;
use crate::connect::Stream;
use crate::connection::BUFFER;
use crate::proxy::{ReverseProxy, Shared};
use crate::settings::HostHeader;

/// Number of failed checks in a row after which an address gets no calls. One successful check ends that.
const FAILURES: u32 = 2;

/// Requests `health_path` from each address at the set interval, for as long as the future is polled. All workers share the results,
/// so the process needs one such task for each proxy. Returns at once if no path is set.
pub async fn check_health(proxy: ReverseProxy) {
    let shared = &*proxy.0;
    let Some(path) = shared.settings.health_path.as_deref() else {
        return;
    };
    let targets = shared.targets.all();
    join_all(targets.iter().map(|target| watch(shared, target, path))).await;
}

async fn watch(shared: &Shared, target: &Arc<Target>, path: &str) {
    let mut ticks = interval(shared.settings.health_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = 0;
    loop {
        ticks.tick().await;
        if is_healthy(shared, target, path).await {
            failures = 0;
            target.set_healthy(true);
        } else {
            failures += 1;
            if failures >= FAILURES {
                target.set_healthy(false);
            }
        }
    }
}

/// Returns true if the response has a status below 400 and is in time.
async fn is_healthy(shared: &Shared, target: &Target, path: &str) -> bool {
    let response = timeout(
        shared.settings.response_timeout,
        status(shared, target, path),
    );
    matches!(response.await, Ok(Some(status)) if status.as_u16() < 400)
}

/// Returns the status of the response, or `None` if there is none.
async fn status(shared: &Shared, target: &Target, path: &str) -> Option<StatusCode> {
    let stream = shared.connector.connect(shared.name, &target.address);
    let stream = stream.await.ok()?;
    let host = match &shared.settings.host {
        HostHeader::Name(name) => name.clone(),
        HostHeader::Client | HostHeader::Backend => target.address.authority(),
    };
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, "isogloss-health-check")
        .body(String::new());
    send_once(stream, request.ok()?).await.ok()
}

/// Sends a request over a new connection, and returns the status of the response.
///
/// # Errors
/// The connection ends before the response, or the response is not HTTP/1.1.
pub(crate) async fn send_once(
    stream: Stream,
    request: Request<String>,
) -> Result<StatusCode, hyper::Error> {
    let mut builder = Builder::new();
    let opened = builder.max_buf_size(BUFFER).handshake(TokioIo::new(stream));
    let (mut sender, connection) = opened.await?;
    let response = sender.send_request(request);
    tokio::pin!(response);
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        ended = connection => match (response.await, ended) {
            // The response may have arrived with the end of the connection.
            (Ok(response), _) => Ok(response),
            // The error of the connection says more about the cause.
            (Err(_), Err(cause)) | (Err(cause), Ok(())) => Err(cause),
        },
    };
    Ok(response?.status())
}
