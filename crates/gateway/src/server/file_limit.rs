//! File descriptors: most systems give a process few of them until it asks for more.

use std::thread::available_parallelism;

use rlimit::increase_nofile_limit;
use tracing::warn;

use crate::config::Server;

/// A connection, and the copy by which it can be ended.
const FOR_A_CONNECTION: usize = 2;
/// Stores, log and what else is open.
const FOR_THE_REST: usize = 256;

/// Asks for as many as the connections of the configuration may take. Says so if there are fewer: when
/// they run out, stores cannot be connected to, either.
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
