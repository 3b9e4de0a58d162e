//! Proxies as processes, with the configurations of `docs/proxies`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::Request;
use isogloss_testkit::servers::free_port;
use tempfile::TempDir;

use super::documented_files::Files;

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// The host name at which clients log in.
pub(crate) const LOGIN_HOST: &str = "login.example.com";

/// Addresses that replace those of the configurations.
pub(crate) struct Behind {
    pub(crate) dialect: &'static str,
    pub(crate) public: SocketAddr,
    pub(crate) management: SocketAddr,
    pub(crate) service: SocketAddr,
    /// Whether the gateway sends `Remote-User`.
    pub(crate) has_remote_user: bool,
}

/// The proxy to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
    Traefik,
    Envoy,
    Haproxy,
    Apache,
}

impl Kind {
    /// Those with a configuration for one host name, too.
    pub(crate) const ONE_NAME: [Self; 4] = [Self::Nginx, Self::Caddy, Self::Traefik, Self::Envoy];

    const ALL: [Self; 6] = [
        Self::Nginx,
        Self::Caddy,
        Self::Traefik,
        Self::Envoy,
        Self::Haproxy,
        Self::Apache,
    ];
}

/// The host names that a configuration serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostNames {
    /// One for logins, and one for the service.
    Two,
    /// One for both, as in `docs/proxies/one-name`.
    One,
}

/// A configuration in `docs/proxies`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) kind: Kind,
    pub(crate) names: HostNames,
}

impl Recipe {
    /// Returns all configurations.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let of = |names| move |kind| Self { kind, names };
        let two = Kind::ALL.into_iter().map(of(HostNames::Two));
        two.chain(Kind::ONE_NAME.into_iter().map(of(HostNames::One)))
    }

    /// Returns the host name of the service.
    pub(crate) fn host(self) -> &'static str {
        match self.names {
            HostNames::Two => "tms.example.com",
            HostNames::One => LOGIN_HOST,
        }
    }
}

/// A running proxy with a folder of its own. It ends on drop.
pub(crate) struct Proxy {
    child: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Proxy {
    pub(crate) fn start(recipe: Recipe, behind: &Behind) -> Self {
        let folder = TempDir::new().unwrap();
        // Another test may get a port that the system chooses, before the proxy listens there.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
        let files = Files {
            recipe,
            behind,
            folder: folder.path(),
        };
        let mut command = files.command(address);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{recipe:?}: {error}; `make test` installs it"));
        let mut proxy = Self {
            child,
            folder,
            address,
        };
        proxy.wait_until_it_leads_somewhere(recipe.host());
        proxy
    }

    /// Returns everything that the proxy has logged so far.
    pub(crate) fn logs(&self) -> String {
        let names = [
            "log",
            "isogloss.access.log",
            "isogloss.error.log",
            "isogloss.log",
        ];
        let files = names.map(|name| fs::read(self.folder.path().join(name)));
        let texts = files.into_iter().flatten();
        texts
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .collect()
    }

    /// Waits for the routes, since Traefik listens before it has loaded them.
    fn wait_until_it_leads_somewhere(&mut self, host: &str) {
        let deadline = Instant::now() + PATIENCE;
        let nowhere = |address: SocketAddr| {
            let probe = Request::get("/").header("Host", host);
            TcpStream::connect(address).is_err()
                || probe.send(address).is_ok_and(|answer| answer.status == 404)
        };
        while nowhere(self.address) {
            let exit = self.child.try_wait().unwrap();
            if exit.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log"));
                panic!("the proxy leads nowhere: {}", log.unwrap_or_default());
            }
            thread::sleep(GLANCE);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
