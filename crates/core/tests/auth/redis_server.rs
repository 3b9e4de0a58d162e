//! A Redis server of a test's own.

use std::path::Path;

use isogloss_testkit::servers::{Server, wait_until};

pub(crate) struct RedisServer(Server);

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self(Server::start(&[]).unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.0.port())
    }

    /// Sends a command, which is not refused.
    pub(crate) fn ask(&self, words: &[&str]) {
        self.0.ask(words).unwrap();
    }

    /// Removes the folder that it saves to.
    pub(crate) fn lose_folder(&self) {
        let folder = self.0.ask(&["CONFIG", "GET", "dir"]).unwrap();
        let folder = folder.lines().last().unwrap();
        std::fs::remove_dir_all(Path::new(folder)).unwrap();
    }

    /// Waits until a section of what it tells of itself has that line.
    pub(crate) fn wait_until_told(&self, section: &str, line: &str) {
        let is_told = || self.0.ask(&["INFO", section]).unwrap().contains(line);
        wait_until(line, is_told).unwrap();
    }
}
