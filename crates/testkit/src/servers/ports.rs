//! Ports at which a server of a test may listen.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Returns an address of loopback at which nothing listens, for a server that is not restarted. Fails if no port is
/// free.
pub fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Returns a port at which nothing listens, for a server that may be stopped and started again. Fails if no port is
/// free.
///
/// The port is below those that outgoing connections are given: a client that keeps trying a stopped server's port
/// from such a port would one day connect to itself. The port 10,000 above is free as well, for the bus of a cluster.
/// Other processes begin at other ports, and no port is returned twice before all were.
pub fn free_port() -> Result<u16> {
    const FIRST: u16 = 10_500;
    const PORTS: u16 = 9_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(process::id() * 61 % u32::from(PORTS)).unwrap_or_default();
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    (0..PORTS)
        .map(|_| FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS)
        .find(|&port| is_free(port) && is_free(port + 10_000))
        .ok_or_else(|| Error::other("no free port"))
}
