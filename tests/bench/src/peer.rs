//! The peer: nginx with Lua and Redis, which is what an operator would build by hand.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use isogloss_testkit::Redis;
use isogloss_testkit::servers::free_port;
use tempfile::TempDir;

use crate::hello;

/// Running until it is dropped.
pub(crate) struct Nginx {
    process: Child,
    pub(crate) place: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
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
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration)?;
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stderr(Stdio::null())
            .spawn()
            .context("nginx")?;
        let nginx = Self {
            process,
            place: SocketAddr::from(([127, 0, 0, 1], port)),
            _folder: folder,
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(nginx.place).is_err() {
            if Instant::now() > deadline {
                bail!("nginx does not listen");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        drop(Command::new("kill").args(["-TERM", &id]).status());
        drop(self.process.wait());
    }
}

/// Has the peer know tokens: what it answers stands there as it is.
pub(crate) fn teach(redis: &Redis, tokens: &[String]) -> Result<()> {
    for token in tokens {
        redis.command(&["SET", token, hello::BODY])?;
    }
    Ok(())
}
