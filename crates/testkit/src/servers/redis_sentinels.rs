//! A primary, two replicas, and three sentinels who watch them.

use std::io::{Error, Result};

use super::{Certificates, RedisServer, wait_until};

const NAME: &str = "main";

/// A primary, two replicas, and three sentinels.
#[derive(Debug)]
pub struct SentinelServers {
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
    stalled: Option<u16>,
}

impl SentinelServers {
    /// Starts a primary, two replicas and three sentinels, with more arguments for the servers, and waits
    /// until the sentinels know each other and the replicas.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn start(certificates: Option<&Certificates>, arguments: &[&str]) -> Result<Self> {
        let start = |more: &[&str]| {
            let arguments = [arguments, more].concat();
            match certificates {
                Some(certificates) => RedisServer::start_tls(certificates, &arguments),
                None => RedisServer::start(&arguments),
            }
        };
        let primary = start(&[])?;
        let port = primary.tls_port().to_string();
        let mut servers = vec![primary];
        for _ in 0..2 {
            servers.push(start(&["--replicaof", "127.0.0.1", &port])?);
        }
        wait_until("the replicas are in step", || {
            let state = servers[0].ask(&["INFO", "replication"]);
            state.is_ok_and(|state| state.matches("state=online").count() == 2)
        })?;
        let lines = format!(
            "sentinel monitor {NAME} 127.0.0.1 {port} 2\n\
             sentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 5000\n"
        );
        let sentinel = |_| RedisServer::start_sentinel(certificates, &lines);
        let sentinels = (0..3).map(sentinel).collect::<Result<_>>()?;
        let all = Self {
            servers,
            sentinels,
            stalled: None,
        };
        wait_until("the sentinels know all servers", || all.know_everybody())?;
        Ok(all)
    }

    /// Returns `host:port,…` of the sentinels, and the name of the primary.
    pub fn place(&self) -> String {
        let hosts = self.sentinels.iter();
        let hosts: Vec<_> = hosts
            .map(|one| format!("127.0.0.1:{}", one.tls_port()))
            .collect();
        format!("{}/{NAME}", hosts.join(","))
    }

    /// Returns `redis+sentinel://…/main` with the addresses of the sentinels.
    pub fn url(&self) -> String {
        format!("redis+sentinel://{}", self.place())
    }

    /// Returns the server that the sentinels name as the primary.
    ///
    /// # Errors
    /// If they name none.
    pub fn primary(&mut self) -> Result<&mut RedisServer> {
        let port = self.port_of_primary()?;
        let mut servers = self.servers.iter_mut();
        servers
            .find(|server| server.tls_port() == port)
            .ok_or_else(|| Error::other("the primary is a stranger"))
    }

    /// Returns the servers other than the primary.
    ///
    /// # Errors
    /// If the sentinels name no primary.
    pub fn replicas(&self) -> Result<Vec<&RedisServer>> {
        let port = self.port_of_primary()?;
        let replicas = self
            .servers
            .iter()
            .filter(|server| server.tls_port() != port);
        Ok(replicas.collect())
    }

    /// Returns the sentinels.
    pub fn sentinels(&mut self) -> &mut [RedisServer] {
        &mut self.sentinels
    }

    /// Makes another server the primary, and waits until it is.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn fail_over(&self) -> Result<()> {
        let before = self.port_of_primary()?;
        // Refused while the last one is too near.
        wait_until("a failover begins", || {
            let asked = self.sentinels[0].ask(&["SENTINEL", "FAILOVER", NAME]);
            asked.is_ok()
        })?;
        self.wait_for_another_primary(before)
    }

    /// Kills the primary, and waits until another server is the primary.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn kill_primary(&mut self) -> Result<()> {
        let before = self.port_of_primary()?;
        self.primary()?.kill()?;
        self.wait_for_another_primary(before)
    }

    /// Pauses the primary, whose connections stay open, and waits until another server is the primary.
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn stall_primary(&mut self) -> Result<()> {
        let before = self.port_of_primary()?;
        self.primary()?.stall()?;
        self.stalled = Some(before);
        self.wait_for_another_primary(before)
    }

    /// Returns the server that is paused.
    ///
    /// # Errors
    /// If none is.
    pub fn stalled(&self) -> Result<&RedisServer> {
        let mut servers = self.servers.iter();
        servers
            .find(|server| Some(server.tls_port()) == self.stalled)
            .ok_or_else(|| Error::other("none stands still"))
    }

    fn wait_for_another_primary(&self, before: u16) -> Result<()> {
        wait_until("all sentinels name another primary", || {
            let named = self.sentinels.iter().map(primary_of);
            let ports: Vec<_> = named.filter_map(Result::ok).collect();
            ports.len() == 3 && !ports.contains(&before) && ports.iter().all(|p| *p == ports[0])
        })
    }

    fn port_of_primary(&self) -> Result<u16> {
        primary_of(&self.sentinels[0])
    }

    fn know_everybody(&self) -> bool {
        let known = |sentinel: &RedisServer, what: &str| {
            let answer = sentinel.ask(&["SENTINEL", "MASTER", NAME]);
            let answer = answer.unwrap_or_default();
            let mut lines = answer.lines().skip_while(|line| *line != what);
            lines.nth(1).map(str::to_owned)
        };
        self.sentinels.iter().all(|sentinel| {
            known(sentinel, "num-slaves").as_deref() == Some("2")
                && known(sentinel, "num-other-sentinels").as_deref() == Some("2")
        })
    }
}

fn primary_of(sentinel: &RedisServer) -> Result<u16> {
    let answer = sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME])?;
    let port = answer.lines().nth(1).unwrap_or_default();
    port.parse().map_err(Error::other)
}
