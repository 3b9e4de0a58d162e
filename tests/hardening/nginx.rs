//! nginx, as it stands in front of gateways.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// Where Debian and Homebrew have it, which is not in everybody's PATH.
const PLACES: [&str; 3] = [
    "/usr/sbin/nginx",
    "/opt/homebrew/bin/nginx",
    "/usr/local/bin/nginx",
];

/// A running nginx with a folder of its own. It is ended when this is dropped.
pub(crate) struct Nginx {
    child: Child,
    folder: TempDir,
    /// In front of connections that are kept, each for requests of several clients.
    pub(crate) keeping: SocketAddr,
    /// In front of one connection for each request, as nginx does it by itself.
    pub(crate) closing: SocketAddr,
}

impl Nginx {
    /// Starts it in front of that gateway, and waits until it listens.
    pub(crate) fn start(gateway: SocketAddr) -> Result<Self> {
        let folder = TempDir::new()?;
        let (keeping, closing) = (free()?, free()?);
        let text = configuration(folder.path(), gateway, keeping, closing);
        fs::write(folder.path().join("nginx.conf"), text)?;
        let place = PLACES.into_iter().find(|place| Path::new(place).exists());
        let child = Command::new(place.unwrap_or("nginx"))
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()?;
        let mut nginx = Self {
            child,
            folder,
            keeping,
            closing,
        };
        nginx.wait_until_it_listens()?;
        Ok(nginx)
    }

    /// The identifiers that the gateway has given to what nginx asked it for, in the order of the answers.
    pub(crate) fn forwarded(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("access.log"));
        let log = log.unwrap_or_default();
        let ids = log.lines().filter(|id| *id != "-");
        ids.map(str::to_owned).collect()
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.closing).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("error.log"));
                return Err(Error::other(format!(
                    "no nginx: {}",
                    log.unwrap_or_default()
                )));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn configuration(
    folder: &Path,
    gateway: SocketAddr,
    keeping: SocketAddr,
    closing: SocketAddr,
) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {folder}/{what};"))
        .join("\n");
    format!(
        "daemon off; master_process off; pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
    {temporary}
    log_format ids '$upstream_http_x_request_id';
    access_log {folder}/access.log ids;
    keepalive_timeout 1s;
    client_header_timeout 2s;
    client_body_timeout 2s;
    upstream gateway {{ server {gateway}; keepalive 2; }}
    server {{
        listen {keeping};
        location / {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_request_buffering off;
        }}
    }}
    server {{
        listen {closing};
        location / {{ proxy_pass http://{gateway}; }}
    }}
}}
"
    )
}
