//! Finds out whether the addresses of a back end respond, and why not.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::Request;
use http::header::{HOST, USER_AGENT};
use tokio::time::timeout;

use crate::address::Address;
use crate::health_check::send_once;
use crate::proxy::{ReverseProxy, Shared};
use crate::settings::HostHeader;

/// How long a diagnosis waits for a response at most.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How an address responded to a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The address.
    pub address: Arc<Address>,
    /// The status of the response, or why there was none.
    pub response: Result<u16, String>,
}

impl ReverseProxy {
    /// Sends `GET` for a path to each address over a new connection, whether the address gets calls at present or not, and
    /// returns the results in the order of the settings. `host` is `Host` where the settings take it from the client. Waits for
    /// a connection as long as calls do, and then 10 s at most. The results do not affect which addresses get calls.
    pub async fn diagnose(&self, path: &str, host: &str) -> Vec<Diagnosis> {
        let shared = &*self.0;
        let statuses = self.addresses().into_iter();
        let asked = statuses.map(async |status| Diagnosis {
            response: ask(shared, &status.address, path, host).await,
            address: status.address,
        });
        join_all(asked).await
    }
}

/// Returns the status of the response of one address. Fails with the reason if there is no response.
async fn ask(shared: &Shared, address: &Address, path: &str, host: &str) -> Result<u16, String> {
    let limit = shared.settings.connect_timeout;
    let opened = timeout(limit, shared.connector.open(address)).await;
    let opened = opened.map_err(|_| format!("no connection within {limit:?}"))?;
    let stream = opened.map_err(|error| connect_reason(&error))?;
    let host = match &shared.settings.host {
        HostHeader::Name(name) => name.clone(),
        HostHeader::Backend => address.authority(),
        HostHeader::Client => host.to_owned(),
    };
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, "isogloss-doctor")
        .body(String::new());
    let request = request.map_err(|error| error.to_string())?;
    let limit = shared.settings.response_timeout.min(LONGEST_WAIT);
    let response = timeout(limit, send_once(stream, request)).await;
    let response = response.map_err(|_| format!("no response within {limit:?}"))?;
    let status = response.map_err(|error| response_reason(&error))?;
    Ok(status.as_u16())
}

/// Returns why there is no connection.
fn connect_reason(error: &io::Error) -> String {
    let cause = error.get_ref();
    // Only a handshake can find an early end.
    let is_tls = cause.is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
        || error.kind() == io::ErrorKind::UnexpectedEof;
    if is_tls {
        format!("TLS: {error}")
    } else {
        format!("connecting: {error}")
    }
}

/// Returns why there is no response, with all causes.
fn response_reason(error: &hyper::Error) -> String {
    let mut reason = if error.is_parse() {
        format!("the response is not HTTP/1.1: {error}")
    } else {
        error.to_string()
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    reason
}
