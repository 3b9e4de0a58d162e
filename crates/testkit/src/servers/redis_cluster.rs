//! A cluster: three primaries, each with a replica, or primaries alone.

use std::io::{Error, Result};

use super::{Certificates, RedisServer, wait_until};

const SLOTS: usize = 16_384;

/// Three primaries, each with a replica, or primaries alone.
#[derive(Debug)]
pub struct ClusterServers {
    host: &'static str,
    primaries: usize,
    servers: Vec<RedisServer>,
}

impl ClusterServers {
    /// Starts three primaries with a replica each, with more arguments, makes them a cluster, and waits until
    /// all slots are served.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn start(certificates: Option<&Certificates>, arguments: &[&str]) -> Result<Self> {
        let server = |_| {
            let mut all = vec!["--cluster-enabled", "yes"];
            all.extend(["--cluster-node-timeout", "1500"]);
            // The replica of a primary that is killed must not be thought too far behind it.
            all.extend(["--cluster-replica-validity-factor", "0"]);
            all.extend(arguments);
            let Some(certificates) = certificates else {
                return RedisServer::start(&all);
            };
            all.extend(["--tls-cluster", "yes"]);
            RedisServer::start_tls(certificates, &all)
        };
        let servers = (0..6).map(server).collect::<Result<Vec<_>>>()?;
        let cluster = Self {
            host: "127.0.0.1",
            primaries: 3,
            servers,
        };
        cluster.form()?;
        cluster.assign_replicas()?;
        cluster.wait_until_served()?;
        Ok(cluster)
    }

    /// Starts primaries without replicas, which announce `host`, with more arguments, and waits until all
    /// slots are served. `spare` more servers get no slots.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn start_primaries(
        host: &'static str,
        (primaries, spare): (usize, usize),
        arguments: &[&str],
    ) -> Result<Self> {
        let mut all = vec!["--cluster-enabled", "yes"];
        // No server is considered dead, however slow this machine is.
        all.extend(["--cluster-node-timeout", "60000"]);
        all.extend(arguments);
        let servers = (0..primaries + spare).map(|_| RedisServer::start(&all));
        let cluster = Self {
            host,
            primaries,
            servers: servers.collect::<Result<_>>()?,
        };
        cluster.form()?;
        wait_until("all servers know each other's hosts", || {
            cluster.servers.iter().all(|server| {
                let slots = server.ask(&["CLUSTER", "SLOTS"]);
                slots.is_ok_and(|slots| slots.lines().all(|line| line != "?"))
            })
        })?;
        Ok(cluster)
    }

    fn form(&self) -> Result<()> {
        self.introduce()?;
        if self.servers.len() > 1 {
            // Who does not know of the latest epoch takes his own for it, and gives none to a slot that he gets.
            self.wait_for(&format!("cluster_current_epoch:{}", self.servers.len()))?;
        }
        self.share_slots()
    }

    /// Returns `host:port,…` of every other server.
    pub fn place(&self) -> String {
        let hosts = self.servers.iter().step_by(2);
        let host = self.host;
        let is_ipv6 = host.contains(':');
        let host = if is_ipv6 {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let hosts: Vec<_> = hosts
            .map(|one| format!("{host}:{}", one.tls_port()))
            .collect();
        hosts.join(",")
    }

    /// Returns `redis+cluster://…` with the addresses of every other server.
    pub fn url(&self) -> String {
        format!("redis+cluster://{}", self.place())
    }

    /// Returns all servers.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// Makes the replica of a primary take its place, and waits until it has.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn fail_over(&self, index: usize) -> Result<()> {
        let replica = &self.servers[index + 3];
        wait_until("a failover begins", || {
            replica.ask(&["CLUSTER", "FAILOVER"]).is_ok()
        })?;
        self.wait_until_promoted(index)
    }

    /// Kills a primary, and waits until its replica has taken its place.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn kill_primary(&mut self, index: usize) -> Result<()> {
        self.servers[index].kill()?;
        self.wait_until_promoted(index)?;
        self.wait_until_served()
    }

    fn wait_until_promoted(&self, index: usize) -> Result<()> {
        wait_until("the replica is promoted", || {
            let role = self.servers[index + 3].ask(&["ROLE"]);
            role.is_ok_and(|role| role.starts_with("master"))
        })
    }

    fn introduce(&self) -> Result<()> {
        for (epoch, server) in (1..).zip(&self.servers) {
            server.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &i32::to_string(&epoch)])?;
        }
        for server in &self.servers[1..] {
            let port = server.tls_port().to_string();
            self.servers[0].ask(&["CLUSTER", "MEET", self.host, &port])?;
        }
        self.wait_for(&format!("cluster_known_nodes:{}", self.servers.len()))
    }

    fn share_slots(&self) -> Result<()> {
        for (index, server) in self.servers[..self.primaries].iter().enumerate() {
            let first = SLOTS * index / self.primaries;
            let last = SLOTS * (index + 1) / self.primaries - 1;
            let range = [first, last].map(|slot| slot.to_string());
            server.ask(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]])?;
        }
        self.wait_for("cluster_state:ok")
    }

    fn assign_replicas(&self) -> Result<()> {
        for (primary, replica) in self.servers.iter().zip(&self.servers[3..]) {
            let id = primary.ask(&["CLUSTER", "MYID"])?;
            // It may not have heard of its primary yet.
            wait_until("a replica accepts its primary", || {
                replica.ask(&["CLUSTER", "REPLICATE", &id]).is_ok()
            })?;
        }
        for replica in &self.servers[3..] {
            wait_until("a replica is connected", || {
                let role = replica.ask(&["ROLE"]);
                role.is_ok_and(|role| role.contains("connected"))
            })?;
        }
        wait_until("all servers know the replicas", || {
            self.servers.iter().all(|server| {
                let nodes = server.ask(&["CLUSTER", "NODES"]).unwrap_or_default();
                nodes.matches("slave").count() == 3
            })
        })
    }

    fn wait_until_served(&self) -> Result<()> {
        self.wait_for("cluster_state:ok")
    }

    /// Waits until each server that runs reports this line. Fails if one does not in time.
    fn wait_for(&self, line: &str) -> Result<()> {
        wait_until(line, || {
            self.servers
                .iter()
                .all(|server| match server.ask(&["CLUSTER", "INFO"]) {
                    Ok(information) => information.lines().any(|one| one == line),
                    Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
                })
        })
        .map_err(|error| Error::other(format!("cluster: {error}")))
    }
}
