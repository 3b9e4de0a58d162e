//! A Redis server of the test's own, on a free port, stopped by its process.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use redis::{Client, Connection, RedisResult, Value, cmd};
use tempfile::TempDir;

pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = tempfile::tempdir().unwrap();
        let process = spawn(port, &folder);
        Self {
            process,
            port,
            folder,
        }
        .when_ready()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, &self.folder);
        self.wait_until_it_answers();
    }

    /// Sends a command, which is not refused.
    pub(crate) fn ask(&self, words: &[&str]) {
        let mut connection = self.connect().unwrap();
        let _: Value = cmd(words[0])
            .arg(&words[1..])
            .query(&mut connection)
            .unwrap();
    }

    /// Removes the folder that it saves to.
    pub(crate) fn lose_folder(&self) {
        std::fs::remove_dir_all(self.folder.path()).unwrap();
    }

    /// Waits until a section of what it tells of itself has that line.
    pub(crate) fn wait_until_told(&self, section: &str, line: &str) {
        let mut connection = self.connect().unwrap();
        for _ in 0..500 {
            let told: String = cmd("INFO").arg(section).query(&mut connection).unwrap();
            if told.contains(line) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("it does not tell {line}");
    }

    /// The time to live of every key, in milliseconds; -1 for a key without.
    pub(crate) fn ttls(&self) -> Vec<i64> {
        let mut connection = self.connect().unwrap();
        let keys: Vec<Vec<u8>> = cmd("KEYS").arg("*").query(&mut connection).unwrap();
        keys.iter()
            .map(|key| cmd("PTTL").arg(key).query(&mut connection).unwrap())
            .collect()
    }

    /// Waits until so many keys are left.
    pub(crate) fn wait_until_left(&self, keys: u64) {
        let mut connection = self.connect().unwrap();
        for _ in 0..500 {
            let size: u64 = cmd("DBSIZE").query(&mut connection).unwrap();
            if size == keys {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("more keys are left");
    }

    fn when_ready(self) -> Self {
        self.wait_until_it_answers();
        self
    }

    fn wait_until_it_answers(&self) {
        for _ in 0..1000 {
            if self
                .connect()
                .is_ok_and(|mut connection| cmd("PING").query::<String>(&mut connection).is_ok())
            {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("redis-server did not come up");
    }

    fn connect(&self) -> RedisResult<Connection> {
        Client::open(self.url())?.get_connection()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(port: u16, folder: &TempDir) -> Child {
    Command::new("redis-server")
        .current_dir(folder.path())
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is missing: install it, or run the tests with `make test`")
}
