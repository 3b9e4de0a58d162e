//! An OpenID provider of the test's own, made with the npm library `oidc-provider`.

use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{PrivateCa, free_port, wait_until};

/// An OpenID provider with the user `kim`, whose password is `right`. It is killed when this is dropped.
#[derive(Debug)]
pub struct OidcProvider {
    folder: TempDir,
    ca: PrivateCa,
    port: u16,
    child: Child,
}

impl OidcProvider {
    /// The secret of every client: `basic`, `short`, whose ID tokens have only `sub` and what they must have, and
    /// `without-grant`, which may not use passwords.
    pub const CLIENT_SECRET: &str = "secret of the client";

    /// Starts a provider, and waits until it listens.
    ///
    /// # Errors
    /// If the library is not installed, by `tests/install oidc-provider`: the test fails, and is not skipped.
    pub fn start() -> Result<Self> {
        let folder = TempDir::new()?;
        let ca = PrivateCa::new()?;
        let files = ca.sign(&["127.0.0.1"], folder.path())?;
        let script = folder.path().join("server.mjs");
        fs::write(&script, include_str!("oidc_provider/server.mjs"))?;
        // Node.js looks for libraries in the folder of the script.
        symlink(installed()?, folder.path().join("node_modules"))?;
        let port = free_port()?;
        let child = Command::new("node")
            .arg(script)
            .arg(port.to_string())
            .args([files.key, files.certificate])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut provider = Self {
            folder,
            ca,
            port,
            child,
        };
        provider.wait_until_it_listens()?;
        Ok(provider)
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the file with the certificate of the authority that signed the provider's.
    pub fn ca_file(&self) -> PathBuf {
        self.ca.file()
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let mut has_ended = false;
        let waited = wait_until("the OpenID provider listens", || {
            has_ended = !matches!(self.child.try_wait(), Ok(None));
            has_ended || TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        if waited.is_ok() && !has_ended {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        Err(Error::other(format!(
            "the OpenID provider does not listen: {log}"
        )))
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns the folder of the libraries that `tests/install` has put next to the build.
fn installed() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).unwrap_or(Path::new("target"));
    let modules = target.join("oidc-provider/node_modules");
    if modules.is_dir() {
        return Ok(modules);
    }
    Err(Error::other(
        "oidc-provider is not installed: tests/install oidc-provider",
    ))
}
