//! nginx in front of a gateway, with the configuration that a test gives it.

use std::fs;
use std::io::{Error, Result};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::wait_until;

/// Where Debian and Homebrew install it, which is not in the `PATH` of every user.
const PROGRAMS: [&str; 3] = [
    "/usr/sbin/nginx",
    "/opt/homebrew/bin/nginx",
    "/usr/local/bin/nginx",
];

/// A running nginx in a folder of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    folder: TempDir,
}

impl Nginx {
    /// Starts nginx with a configuration, and waits until it accepts connections at `address`.
    ///
    /// Paths in the configuration are relative to the folder. Fails if nginx is not installed or ends, with
    /// its log.
    pub fn start(folder: TempDir, configuration: &str, address: SocketAddr) -> Result<Self> {
        let log = fs::File::create(folder.path().join("stderr.log"))?;
        let mut command = Self::command(folder.path(), configuration)?;
        let child = command.stdin(Stdio::null()).stderr(log).spawn()?;
        let mut nginx = Self { child, folder };
        nginx.wait_until_it_listens(address)?;
        Ok(nginx)
    }

    /// Returns the command that runs nginx in the foreground with a configuration, which is written to the folder.
    /// Fails if the configuration cannot be written.
    pub fn command(folder: &Path, configuration: &str) -> Result<Command> {
        fs::write(folder.join("nginx.conf"), configuration)?;
        let installed = PROGRAMS.into_iter().find(|file| Path::new(file).exists());
        let mut command = Command::new(installed.unwrap_or("nginx"));
        command.arg("-p").arg(folder);
        command.args(["-c", "nginx.conf", "-e", "stderr"]);
        Ok(command)
    }

    /// Returns the configuration of one process that keeps its temporary files in its folder, with these
    /// directives for `http`.
    pub fn configuration(http: &str) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {what};"))
            .join("\n");
        format!(
            "daemon off;\nmaster_process off;\npid pid;\nevents {{}}\nhttp {{\n{temporary}\n{http}\n}}\n"
        )
    }

    /// Returns the folder of this nginx, in which its logs are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn wait_until_it_listens(&mut self, address: SocketAddr) -> Result<()> {
        let mut ended = false;
        let waited = wait_until("nginx listens", || {
            ended = self.child.try_wait().is_ok_and(|end| end.is_some());
            ended || TcpStream::connect(address).is_ok()
        });
        if waited.is_ok() && !ended {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.path().join("stderr.log"));
        let log = log.unwrap_or_default();
        Err(Error::other(format!("nginx does not listen: {log}")))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A request, so that the workers of a master end with it.
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &id]).status());
        drop(self.child.wait());
    }
}
