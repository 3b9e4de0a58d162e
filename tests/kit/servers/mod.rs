//! Redis servers for tests: one, a primary with replicas and sentinels, a cluster; with TLS and
//! access lists where asked for. They listen on loopback only, on ports of their own, and are
//! killed when they are dropped.
//!
//! This folder stands on nothing but `tempfile`, `rcgen` and the standard library: the tests of
//! `isogloss-core` use it by path.

mod certificates;
mod cluster;
mod sentinels;
mod server;
mod slots;
mod topologies;
mod wire;

pub use self::certificates::Certificates;
pub use self::cluster::ClusterServers;
pub use self::sentinels::SentinelServers;
pub use self::server::{Server, free_port};
pub use self::slots::{begin_move, end_move, move_keys, move_slot};
pub use self::topologies::{TOPOLOGIES, Topology};

use std::io::{Error, Result};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// Waits until something has happened.
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        if Instant::now() > deadline {
            return Err(Error::other(format!("not within {PATIENCE:?}: {what}")));
        }
        sleep(GLANCE);
    }
    Ok(())
}
