//! A real application behind a proxy, Django, which logs in the user whom a header names.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use isogloss_testkit::Request;
use tempfile::TempDir;

use super::documented_files::installed;

/// The application as a process. It ends on drop.
pub(super) struct Application {
    child: Child,
    _folder: TempDir,
    pub(super) address: SocketAddr,
}

impl Application {
    pub(super) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let program = "integration/proxies/application.py";
        let mut child = Command::new(installed("python3"))
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(program))
            .arg(folder.path().join("database"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("Django: {error}; `make test` installs it"));
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let port = line.trim().parse();
        let port = port.unwrap_or_else(|_| panic!("Django did not start; `make test` installs it"));
        Self {
            child,
            _folder: folder,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        }
    }

    /// Returns the names of the users of all requests since the last call, empty for a request without a user.
    pub(super) fn received(&self) -> Vec<String> {
        let answer = Request::get("/received").send(self.address).unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
