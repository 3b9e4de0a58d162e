//! A cluster whose servers are known by the relays in front of them.

use super::{ClusterServers, RedisServer, wait_until};
use crate::relay::Relay;

/// Starts a relay to each server of a cluster, and makes the servers announce the relays instead of
/// themselves. Returns the relays in the order of the servers.
pub fn announce_relays(cluster: &mut ClusterServers) -> Vec<Relay> {
    let relay = |server: &RedisServer| {
        let relay = Relay::to(server.port()).unwrap();
        let [own, bus] = [relay.port(), server.port() + 10_000].map(|port| port.to_string());
        for (key, value) in [("bus-port", &bus), ("port", &own)] {
            let key = format!("cluster-announce-{key}");
            server.ask(&["CONFIG", "SET", &key, value]).unwrap();
        }
        relay
    };
    let servers = cluster.servers();
    let relays: Vec<_> = servers.iter().map(relay).collect();
    wait_until("all servers are known by their relays", || {
        servers.iter().all(|server| {
            let slots = server.ask(&["CLUSTER", "SLOTS"]).unwrap_or_default();
            let is_named = |relay: &Relay| {
                let port = relay.port().to_string();
                slots.lines().any(|line| line == port)
            };
            relays.iter().all(is_named)
        })
    })
    .unwrap();
    relays
}
