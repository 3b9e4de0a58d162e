//! Servers for tests: Redis (one, a primary with replicas and sentinels, a cluster; with TLS and access lists where asked
//! for), PostgreSQL, nginx, OpenLDAP, a domain of Active Directory and an OpenID provider. They listen on loopback only, on ports of their
//! own, and are killed when they are dropped.

mod certificates;
mod cluster_slots;
mod cluster_topologies;
mod ldif;
mod nginx;
mod oidc_provider;
mod ports;
mod postgres;
mod private_ca;
mod redis_cluster;
mod redis_process;
mod redis_sentinels;
mod redis_server;
mod relayed_cluster;
mod resp;
mod samba_domain;
mod slapd;

pub use self::certificates::Certificates;
pub use self::cluster_slots::{begin_move, end_move, move_keys, move_slot};
pub use self::cluster_topologies::{TOPOLOGIES, Topology};
pub use self::nginx::Nginx;
pub use self::oidc_provider::OidcProvider;
pub use self::ports::{free_address, free_port};
pub use self::postgres::{Postgres, Stalled};
pub use self::private_ca::{PrivateCa, SignedFiles};
pub use self::redis_cluster::ClusterServers;
pub use self::redis_process::Redis;
pub use self::redis_sentinels::SentinelServers;
pub use self::redis_server::RedisServer;
pub use self::relayed_cluster::announce_relays;
pub use self::resp::Reply;
pub use self::samba_domain::SambaDomain;
pub use self::slapd::Slapd;

use std::io::{Error, Result};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// Waits until `happened` returns true.
///
/// # Errors
/// If it does not within a minute; the error has `what`.
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
