//! A domain of Active Directory of the test's own, by Samba.

use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use data_encoding::BASE64;
use tempfile::TempDir;

use super::{PrivateCa, ldif, wait_until};

/// A domain controller at a loopback address of its own: its ports, 389 and 636, cannot be chosen, and need root. It is
/// killed when this is dropped.
#[derive(Debug)]
pub struct SambaDomain {
    folder: TempDir,
    ca: PrivateCa,
    address: Ipv4Addr,
    child: Option<Child>,
}

impl SambaDomain {
    /// The entry below which all others are.
    pub const BASE: &str = "DC=example,DC=test";
    /// The entry below which users and groups are created.
    pub const USERS: &str = "CN=Users,DC=example,DC=test";
    /// The administrator, as a bind takes the name.
    pub const ADMINISTRATOR: &str = "administrator@example.test";
    /// The password of the administrator.
    pub const PASSWORD: &str = "AD-geheim-0815";

    /// Creates a domain and starts its controller. Takes about ten seconds.
    ///
    /// # Errors
    /// If Samba is not installed, or this is not root: the test fails, and is not skipped.
    pub fn start() -> Result<Self> {
        let ca = PrivateCa::new()?;
        let folder = TempDir::new()?;
        let address = free_address()?;
        ca.sign(&[&address.to_string(), "dc1.example.test"], folder.path())?;
        let mut provision = Command::new("samba-tool");
        provision.args([
            "domain",
            "provision",
            "--realm=EXAMPLE.TEST",
            "--domain=EXAMPLE",
        ]);
        provision.args(["--server-role=dc", "--dns-backend=NONE", "--host-name=dc1"]);
        provision.arg(format!("--host-ip={address}"));
        provision.arg(format!("--adminpass={}", Self::PASSWORD));
        provision.arg(format!("--targetdir={}", folder.path().display()));
        ldif::run(provision, "")?;
        let settings = include_str!("samba_domain/smb.conf")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("ADDRESS", &address.to_string());
        fs::write(folder.path().join("smb.conf"), settings)?;
        fs::create_dir(folder.path().join("run"))?;
        let mut domain = Self {
            folder,
            ca,
            address,
            child: None,
        };
        domain.run()?;
        Ok(domain)
    }

    /// Returns the domain that all tests of a process share: it starts with the first test and ends with the last.
    ///
    /// # Errors
    /// As [`start`](Self::start) does.
    pub fn shared() -> Result<Arc<Self>> {
        static SHARED: Mutex<Weak<SambaDomain>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// Returns `ldaps://ADDRESS`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Returns `ldap://ADDRESS`.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
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
        let (url, ca) = (self.tls_url(), self.ca_file());
        ldif::apply(&url, &ca, Self::ADMINISTRATOR, Self::PASSWORD, ldif)
    }

    /// Returns the line of LDIF that sets a password.
    pub fn password_line(password: &str) -> String {
        let quoted: Vec<u8> = format!("\"{password}\"")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        format!("unicodePwd:: {}", BASE64.encode(&quoted))
    }

    fn run(&mut self) -> Result<()> {
        let log = self.folder.path().join("samba.out");
        let samba = Path::new("/usr/sbin/samba");
        let samba = if samba.exists() {
            samba
        } else {
            Path::new("samba")
        };
        let child = Command::new(samba)
            .arg("--configfile")
            .arg(self.folder.path().join("smb.conf"))
            .args(["--foreground", "--no-process-group", "--model=single"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .map_err(|error| ldif::missing(samba.as_os_str(), &error))?;
        self.child = Some(child);
        let mut ended = false;
        let waited = wait_until("samba listens", || {
            let child = self.child.as_mut();
            ended = child.is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            ended || TcpStream::connect((self.address, 636)).is_ok()
        });
        if waited.is_ok() && !ended {
            return Ok(());
        }
        let log = fs::read_to_string(log).unwrap_or_default();
        Err(Error::other(format!("samba does not listen: {log}")))
    }
}

impl Drop for SambaDomain {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Returns a loopback address at which nothing listens on the ports of a domain controller. Other processes begin at
/// other addresses. Fails if no address is free, or if the ports need root.
fn free_address() -> Result<Ipv4Addr> {
    let [high, low] = u16::try_from(process::id() % 65_536)
        .unwrap_or_default()
        .to_be_bytes();
    let is_free = |address: &Ipv4Addr| {
        let ports = [389, 636, 3268, 3269];
        ports
            .iter()
            .all(|port| TcpListener::bind((*address, *port)).is_ok())
    };
    let mut addresses = (2..250).map(|last| Ipv4Addr::new(127, 64 | high & 0x3f, low, last));
    addresses.find(is_free).ok_or_else(|| {
        Error::other(
            "no loopback address whose port 389 is free, or this is not root, which the port needs",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_has_a_user_beside_another_domain() {
        let user = |name: &str| {
            let users = SambaDomain::USERS;
            let password = SambaDomain::password_line("Geheim-0815");
            format!(
                "dn: CN={name},{users}\nobjectClass: user\nsAMAccountName: {name}\n{password}\nuserAccountControl: 512\n"
            )
        };
        let domains = [
            SambaDomain::shared().unwrap(),
            Arc::new(SambaDomain::start().unwrap()),
        ];
        let [first, second] = &domains;
        assert_ne!(first.tls_url(), second.tls_url());
        for domain in &domains {
            domain.apply(&user("joe")).unwrap();
            let error = domain.apply(&user("joe")).unwrap_err();
            assert!(error.to_string().contains("Already exists"), "{error}");
        }
    }
}
