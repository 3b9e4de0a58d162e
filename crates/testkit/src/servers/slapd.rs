//! An OpenLDAP server of the test's own.

use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::postgres::signal;
use super::{PrivateCa, free_port, ldif, wait_until};

/// A `slapd` with the overlays for groups and for password policies, in a folder and at ports of its own. It is killed
/// when this is dropped.
#[derive(Debug)]
pub struct Slapd {
    folder: TempDir,
    ca: PrivateCa,
    ports: [u16; 2],
    child: Option<Child>,
}

impl Slapd {
    /// The entry below which all others are. All but passwords and what is below `ou=secret` can be
    /// read without a bind.
    pub const BASE: &str = "dc=example,dc=com";
    /// The entry of a service, which may also read what is below `ou=secret`.
    pub const READER: &str = "cn=reader,dc=example,dc=com";
    /// The password of the administrator and of the service.
    pub const PASSWORD: &str = "ldap-geheim-0815";
    const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=com";

    /// Starts a server with the units `people`, `groups` and `secret` and these entries, and waits until it listens.
    ///
    /// # Errors
    /// If OpenLDAP is not installed: the test fails, and is not skipped. If an entry is refused.
    pub fn start(entries: &str) -> Result<Self> {
        let ca = PrivateCa::new()?;
        let folder = TempDir::new()?;
        ca.sign(&["127.0.0.1", "localhost"], folder.path())?;
        for name in ["config", "data"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let config = include_str!("slapd/config.ldif")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("PASSWORD", Self::PASSWORD);
        let mut slapadd = Command::new(program("slapadd"));
        slapadd
            .args(["-n", "0", "-F"])
            .arg(folder.path().join("config"));
        ldif::run(slapadd, &config)?;
        let mut slapd = Self {
            folder,
            ca,
            ports: [free_port()?, free_port()?],
            child: None,
        };
        slapd.start_again()?;
        slapd.apply(&include_str!("slapd/base.ldif").replace("PASSWORD", Self::PASSWORD))?;
        slapd.apply(entries)?;
        Ok(slapd)
    }

    /// Returns `ldap://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port())
    }

    /// Returns `ldaps://127.0.0.1:PORT`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port())
    }

    /// Returns the port with TLS.
    pub fn tls_port(&self) -> u16 {
        let [_, port] = self.ports;
        port
    }

    /// Returns the port without TLS.
    pub fn port(&self) -> u16 {
        let [port, _] = self.ports;
        port
    }

    /// Returns the file with the certificate of the authority that signed the server's.
    pub fn ca_file(&self) -> PathBuf {
        self.ca.file()
    }

    /// Changes entries, as the administrator: LDIF, each an entry to add unless it has a `changetype`.
    ///
    /// # Errors
    /// If the server refuses a change.
    pub fn apply(&self, ldif: &str) -> Result<()> {
        ldif::apply(
            &self.url(),
            &self.ca_file(),
            Self::ADMINISTRATOR,
            Self::PASSWORD,
            ldif,
        )
    }

    /// Adds many entries while the server is stopped, which is quicker than [`apply`](Self::apply), and starts it again.
    ///
    /// # Errors
    /// If an entry is refused, or the server does not start.
    pub fn load(&mut self, ldif: &str) -> Result<()> {
        // Killed in the middle of a change, it could lose that.
        self.signal("-TERM")?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        let mut slapadd = Command::new(program("slapadd"));
        slapadd
            .args(["-q", "-n", "1", "-F"])
            .arg(self.folder.path().join("config"));
        ldif::run(slapadd, ldif)?;
        self.start_again()
    }

    /// Returns what the server logged: each connection and operation.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.log_file())
    }

    /// Kills the server, as a crash would.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts the server again at the same ports, with its entries, and waits until it listens.
    ///
    /// # Errors
    /// If it does not within a minute.
    pub fn start_again(&mut self) -> Result<()> {
        self.kill()?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())?;
        let slapd = program("slapd");
        let child = Command::new(&slapd)
            .arg("-F")
            .arg(self.folder.path().join("config"))
            .args(["-h", &format!("{} {}", self.url(), self.tls_url())])
            // In the foreground, with a log of operations.
            .args(["-d", "stats"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| ldif::missing(slapd.as_os_str(), &error))?;
        self.child = Some(child);
        let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
        let mut ended = false;
        let waited = wait_until("slapd listens", || {
            let child = self.child.as_mut();
            ended = child.is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            ended || self.ports.iter().all(listens)
        });
        if waited.is_ok() && !ended {
            return Ok(());
        }
        Err(Error::other(format!(
            "slapd does not listen: {}",
            self.log()?
        )))
    }

    /// Pauses the server: it accepts connections and answers none.
    ///
    /// # Errors
    /// If it cannot be paused.
    pub fn stall(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Ends [`stall`](Self::stall).
    ///
    /// # Errors
    /// If it cannot be resumed.
    pub fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, name: &str) -> Result<()> {
        let stopped = || Error::other("slapd does not run");
        let child = self.child.as_ref().ok_or_else(stopped)?;
        signal(name, &child.id().to_string())
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("slapd.log")
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

/// Returns a program of OpenLDAP, which is not in the `PATH` of every user.
fn program(name: &str) -> PathBuf {
    let installed = Path::new("/usr/sbin").join(name);
    if installed.exists() {
        installed
    } else {
        PathBuf::from(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slapd_keeps_its_entries_when_it_is_killed() {
        let mut slapd = Slapd::start("").unwrap();
        let person = "dn: uid=a,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: a\ncn: a\nsn: a\n";
        slapd.apply(person).unwrap();
        slapd.kill().unwrap();
        assert!(slapd.apply(person).is_err());
        slapd.start_again().unwrap();
        let error = slapd.apply(person).unwrap_err();
        assert!(error.to_string().contains("Already exists"), "{error}");
    }
}
