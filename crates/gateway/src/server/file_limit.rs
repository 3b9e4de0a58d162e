//! Raises the limit of open file descriptors, which is low on most systems until a process requests more.

use std::thread::available_parallelism;

use rlimit::increase_nofile_limit;
use tracing::warn;

use crate::config::Server;

/// File descriptors of a connection: its socket, and the duplicate by which the watchdog can close it.
const FOR_A_CONNECTION: usize = 2;
/// File descriptors of the stores, the log and other files.
const FOR_THE_REST: usize = 256;

/// Raises the limit of open files to what the configured number of connections may need. Logs a warning if the
/// system allows fewer: without a free descriptor, the gateway cannot connect to its stores, either.
pub(crate) fn raise_nofile_limit(server: &Server) {
    let workers = server.workers.or_else(|| available_parallelism().ok());
    let connections = workers
        .map_or(1, usize::from)
        .saturating_mul(server.max_connections.get());
    let wanted = connections.saturating_mul(FOR_A_CONNECTION);
    let wanted = wanted.saturating_add(FOR_THE_REST) as u64;
    match increase_nofile_limit(wanted) {
        Ok(granted) if granted < wanted => warn!(
            granted,
            wanted,
            "there are fewer file descriptors than server.max_connections may take: raise the limit \
             (LimitNOFILE, ulimit -n), or lower the setting"
        ),
        Ok(_) => {}
        Err(error) => warn!(%error, "cannot raise the limit of file descriptors"),
    }
}
