//! The peer: nginx with Lua and Redis, which is what an operator would build by hand.

use std::fs;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use isogloss_testkit::Redis;
use isogloss_testkit::servers::{Nginx, free_port};
use tempfile::TempDir;

use crate::hello;

/// Running until it is dropped.
pub(crate) struct Peer {
    _nginx: Nginx,
    pub(crate) place: SocketAddr,
}

impl Peer {
    /// Looks tokens up in a Redis, over a pool as large as there are clients.
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

/// Has the peer know tokens: what it answers stands there as it is.
pub(crate) fn teach(redis: &Redis, tokens: &[String]) -> Result<()> {
    for token in tokens {
        redis.command(&["SET", token, hello::BODY])?;
    }
    Ok(())
}
