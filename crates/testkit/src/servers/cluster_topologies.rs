//! The kinds of clusters that operators run.

use std::io::Result;

use super::ClusterServers;

/// A kind of cluster: how its servers name each other, and how many primaries there are.
#[derive(Debug)]
pub struct Topology {
    /// What it is called in the output of a test.
    pub name: &'static str,
    /// How many primaries there are.
    pub primaries: usize,
    host: &'static str,
    arguments: &'static [&'static str],
}

impl Topology {
    /// Starts the primaries of such a cluster, without replicas, and waits until all slots are served.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn start(&self) -> Result<ClusterServers> {
        ClusterServers::start_primaries(self.host, (self.primaries, 0), self.arguments)
    }
}

/// Each way of naming servers that Redis has, IPv6, and a cluster of one.
pub const TOPOLOGIES: [Topology; 5] = [
    Topology {
        name: "ip",
        primaries: 3,
        host: "127.0.0.1",
        arguments: &[],
    },
    Topology {
        name: "hostname",
        primaries: 3,
        host: "127.0.0.1",
        arguments: &[
            "--cluster-announce-hostname",
            "localhost",
            "--cluster-preferred-endpoint-type",
            "hostname",
        ],
    },
    Topology {
        name: "unknown-endpoint",
        primaries: 3,
        host: "127.0.0.1",
        arguments: &["--cluster-preferred-endpoint-type", "unknown-endpoint"],
    },
    Topology {
        name: "IPv6",
        primaries: 3,
        host: "::1",
        arguments: &["--bind", "::1", "127.0.0.1"],
    },
    Topology {
        name: "one server",
        primaries: 1,
        host: "127.0.0.1",
        arguments: &[],
    },
];
