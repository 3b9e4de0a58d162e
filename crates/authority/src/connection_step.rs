//! A connection that is tried for an operator.

use std::time::Duration;

use isogloss_core::authority::CheckStep;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// Tries to connect to the host and the port of an address, without TLS, and returns what was found.
pub async fn connection_step(url: &Url, patience: Duration) -> CheckStep {
    let host = url.host_str().unwrap_or_default();
    // Brackets belong to the address of a URL, not to that of a socket.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or_default();
    let outcome = match timeout(patience, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => Ok(stream.peer_addr().map_or_else(
            |_| "connected".to_owned(),
            |address| format!("connected to {address}"),
        )),
        Ok(Err(error)) => Err(format!(
            "{error}; check the name and the port, that the service runs, and that no firewall is in between"
        )),
        Err(_) => Err(format!(
            "no connection within {patience:?}; a firewall may drop packets, or the host is down"
        )),
    };
    CheckStep {
        name: format!("connect to {host} port {port}"),
        outcome,
    }
}
