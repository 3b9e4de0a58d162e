//! The listening sockets: bound here, or passed by the service manager.

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context as _, Result};
use socket2::SockRef;
use tracing::info;

use super::systemd;

/// A listening socket that is not served yet.
pub(super) struct Bound {
    pub(super) socket: TcpListener,
    /// Whether it was passed to the process: connections may wait in it while no process serves it.
    pub(super) is_inherited: bool,
}

/// Returns the listening socket of a listener: the one that was passed to the process, or else a new one that
/// is bound to `address`, the value of the setting `key`. Fails if a passed socket cannot be used, or the
/// address cannot be bound.
pub(super) fn bind(listener: &str, key: &str, address: SocketAddr) -> Result<Bound> {
    let passed = systemd::socket(listener).context("a socket that was passed")?;
    let is_inherited = passed.is_some();
    let bind =
        || bind_with_backlog(address).with_context(|| format!("{key}: cannot bind {address}"));
    let socket = passed.map_or_else(bind, Ok)?;
    let address = socket.local_addr().context("no local address")?;
    if is_inherited {
        info!(listener, %address, "listening on a socket that the service manager passed");
    } else {
        info!(listener, %address, "listening");
    }
    Ok(Bound {
        socket,
        is_inherited,
    })
}

/// Returns a socket with a long backlog, because many clients may connect at once, as after a restart.
/// Connections beyond the backlog are retried by the client's TCP after a second. The system may grant a
/// shorter backlog. Fails if the address cannot be bound.
fn bind_with_backlog(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: i32 = 4_096;

    let socket = TcpListener::bind(address)?;
    SockRef::from(&socket).listen(BACKLOG)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_may_come_before_the_first_is_met() {
        let socket = bind_with_backlog(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let place = socket.local_addr().unwrap();
        let clients =
            (0..400).map(|_| TcpStream::connect_timeout(&place, Duration::from_millis(500)));
        let clients: Result<Vec<_>, _> = clients.collect();
        assert!(clients.is_ok(), "{clients:?}");
    }
}
