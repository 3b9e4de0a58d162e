//! A Redis of the test's own, to be stopped and started again.

use super::{RedisServer, Reply, resp};
use crate::Result;

/// One [`RedisServer`] that keeps nothing on disk. It is killed when this is dropped.
#[derive(Debug)]
pub struct Redis {
    server: RedisServer,
}

impl Redis {
    /// Starts a Redis, and waits until it responds.
    ///
    /// # Errors
    /// If there is no `redis-server`: the test fails, and is not skipped.
    pub fn start() -> Result<Self> {
        let server = RedisServer::start(&[])?;
        Ok(Self { server })
    }

    /// Returns `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Kills the server, which loses all data.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn stop(&mut self) -> Result<()> {
        Ok(self.server.kill()?)
    }

    /// Starts the server again, empty, at the same port.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn start_again(&mut self) -> Result<()> {
        Ok(self.server.start_again()?)
    }

    /// Sends one command and returns its reply.
    ///
    /// # Errors
    /// If the server is unreachable or returns an error.
    pub fn command(&self, words: &[&str]) -> Result<Reply> {
        let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
        Ok(resp::command(self.port(), &words)?)
    }

    /// Returns the keys that a gateway stores, except those of the probes that it writes at the start and
    /// each minute to find out whether it may write.
    ///
    /// # Errors
    /// If the server is unreachable.
    pub fn keys(&self) -> Result<Vec<String>> {
        let mut keys = self.command(&["KEYS", "*"])?.texts();
        keys.retain(|key| !key.contains(":{probe"));
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_stops_and_starts_again_at_its_port() {
        let mut redis = Redis::start().unwrap();
        let set = redis.command(&["SET", "a", "b", "PX", "60000"]).unwrap();
        assert_eq!(set, Reply::Simple("OK".to_owned()));
        assert_eq!(redis.command(&["KEYS", "*"]).unwrap().texts(), ["a"]);
        let url = redis.url();
        redis.stop().unwrap();
        assert!(redis.command(&["PING"]).is_err());
        redis.start_again().unwrap();
        assert_eq!(redis.url(), url);
        assert_eq!(redis.command(&["DBSIZE"]).unwrap(), Reply::Integer(0));
    }
}
