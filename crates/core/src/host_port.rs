//! Names of servers in errors, health checks and the log.

/// Returns `host:port`, with an IPv6 address in brackets.
pub fn host_port(host: &str, port: u16) -> String {
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if is_bare_ipv6 {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
