//! A Redis server that belongs to one test.

use std::path::Path;

use isogloss_testkit::servers::{self, wait_until};

pub(crate) struct RedisServer(servers::RedisServer);

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self(servers::RedisServer::start(&[]).unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.0.port())
    }

    /// Sends a command. Panics if Redis refuses it.
    pub(crate) fn ask(&self, words: &[&str]) {
        self.0.ask(words).unwrap();
    }

    /// Removes the folder in which Redis writes its dump.
    pub(crate) fn lose_folder(&self) {
        let folder = self.0.ask(&["CONFIG", "GET", "dir"]).unwrap();
        let folder = folder.lines().last().unwrap();
        std::fs::remove_dir_all(Path::new(folder)).unwrap();
    }

    /// Waits until `INFO` shows `line` in `section`.
    pub(crate) fn wait_until_info(&self, section: &str, line: &str) {
        let has_line = || self.0.ask(&["INFO", section]).unwrap().contains(line);
        wait_until(line, has_line).unwrap();
    }
}
