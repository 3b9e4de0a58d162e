//! Errors that contain the name of their server.

use std::io;

use isogloss_core::StoreError;
use isogloss_core::backend::host_port;
use redis::{ConnectionAddr, ConnectionInfo, RedisError};

use super::error::redis_error;

/// Returns `host:port` of a server, never its credentials.
pub(super) fn server_name(server: &ConnectionInfo) -> String {
    let address = server.addr();
    if let ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } = address {
        host_port(host, *port)
    } else {
        address.to_string()
    }
}

/// Returns the names of servers, separated by commas.
pub(super) fn server_names(servers: &[ConnectionInfo]) -> String {
    servers
        .iter()
        .map(server_name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns a [`StoreError`] of this store with the name of a server and the text of `error`.
pub(super) fn error_at(name: &str, error: impl std::fmt::Display) -> StoreError {
    redis_error(format_args!("{name}: {error}"))
}

/// Returns an I/O error with the name of the server added. Error responses of the server are returned
/// unchanged: their code decides what happens next.
pub(super) fn with_server_name(name: &str, error: RedisError) -> RedisError {
    if !error.is_io_error() {
        return error;
    }
    let kind = if error.is_timeout() {
        io::ErrorKind::TimedOut
    } else if error.is_connection_refusal() {
        io::ErrorKind::ConnectionRefused
    } else if error.is_connection_dropped() {
        io::ErrorKind::BrokenPipe
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, format!("{name}: {error}")).into()
}

#[cfg(test)]
mod tests {
    use redis::IntoConnectionInfo as _;

    use super::*;
    use crate::error_class::ErrorClass;

    #[test]
    fn a_server_is_named_by_host_and_port_without_credentials() {
        for (url, name) in [
            ("redis://user:secret@h:7/3", "h:7"),
            ("redis://h", "h:6379"),
            ("rediss://:secret@[2001:db8::1]:7", "[2001:db8::1]:7"),
        ] {
            assert_eq!(server_name(&url.into_connection_info().unwrap()), name);
        }
    }

    #[test]
    fn an_error_that_names_its_server_means_what_it_did() {
        for kind in [
            io::ErrorKind::TimedOut,
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset,
        ] {
            let bare = RedisError::from(io::Error::new(kind, "as it was"));
            let named = with_server_name("[::1]:7", bare.clone());
            assert_eq!(named.to_string(), "[::1]:7: as it was");
            assert_eq!(named.is_timeout(), bare.is_timeout());
            assert_eq!(ErrorClass::of_error(&named), ErrorClass::of_error(&bare));
        }
    }
}
