//! The peer: nginx with Lua and Redis, as an operator would build it by hand.

use std::fs;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use isogloss_testkit::Redis;
use isogloss_testkit::servers::{Nginx, free_port};
use tempfile::TempDir;

use crate::hello;

/// A running nginx, which ends on drop.
pub(crate) struct Peer {
    _nginx: Nginx,
    pub(crate) place: SocketAddr,
}

impl Peer {
    /// Starts nginx, which looks tokens up in Redis over a pool as large as the number of clients.
    pub(crate) fn start(redis: &Redis, workers: usize, clients: usize) -> Result<Self> {
        let folder = TempDir::new()?;
        let port = free_port()?;
        let redis_port = redis
            .url()
            .rsplit_once(':')
            .context("the port")?
            .1
            .to_owned();
        let lua = include_str!("peer.lua")
            .replace("REDIS", redis_port.trim_end_matches('/'))
            .replace("POOL", &clients.to_string());
        fs::write(folder.path().join("check.lua"), lua)?;
        let configuration = include_str!("peer.conf")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("WORKERS", &workers.to_string())
            .replace("PORT", &port.to_string());
        let place = SocketAddr::from(([127, 0, 0, 1], port));
        let nginx = Nginx::start(folder, &configuration, place)?;
        Ok(Self {
            place,
            _nginx: nginx,
        })
    }
}

/// Stores tokens for the peer. The value is the body of its response.
pub(crate) fn teach(redis: &Redis, tokens: &[String]) -> Result<()> {
    for token in tokens {
        redis.command(&["SET", token, hello::BODY])?;
    }
    Ok(())
}
