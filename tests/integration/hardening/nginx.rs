//! nginx in front of a gateway, once with persistent connections and once with a connection for each request.

use std::fs;
use std::io::Result;
use std::net::SocketAddr;

use isogloss_testkit::servers::{Nginx, free_address};
use tempfile::TempDir;

/// A running nginx, which ends on drop.
pub(crate) struct Front {
    nginx: Nginx,
    /// Listener with persistent connections to the gateway, each for requests of several clients.
    pub(crate) keeping: SocketAddr,
    /// Listener with one connection to the gateway for each request, which is the default of nginx.
    pub(crate) closing: SocketAddr,
}

impl Front {
    /// Starts nginx in front of that gateway, and waits until it listens.
    pub(crate) fn start(gateway: SocketAddr) -> Result<Self> {
        let (keeping, closing) = (free_address()?, free_address()?);
        let http = format!(
            "log_format ids '$upstream_http_x_request_id';
access_log access.log ids;
keepalive_timeout 1s;
client_header_timeout 2s;
client_body_timeout 2s;
upstream gateway {{ server {gateway}; keepalive 2; }}
server {{
    listen {keeping};
    location / {{
        proxy_pass http://gateway;
        proxy_http_version 1.1;
        proxy_set_header Connection '';
        proxy_request_buffering off;
    }}
}}
server {{
    listen {closing};
    location / {{ proxy_pass http://{gateway}; }}
}}"
        );
        let nginx = Nginx::start(TempDir::new()?, &Nginx::configuration(&http), closing)?;
        Ok(Self {
            nginx,
            keeping,
            closing,
        })
    }

    /// Returns the identifiers that the gateway assigned to forwarded requests, in the order of the responses.
    pub(crate) fn forwarded(&self) -> Vec<String> {
        let log = fs::read_to_string(self.nginx.folder().join("access.log"));
        let log = log.unwrap_or_default();
        let ids = log.lines().filter(|id| *id != "-");
        ids.map(str::to_owned).collect()
    }
}
