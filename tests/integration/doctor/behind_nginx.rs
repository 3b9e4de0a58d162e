//! nginx in front of a gateway, with right and wrong settings.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use isogloss_testkit::servers::{Nginx, free_address};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use time::OffsetDateTime;

/// What nginx does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Sets the client's address, whatever the client sends.
    Replacing,
    /// Passes on the address that the client sends.
    PassingOn,
    /// Sends no address.
    Silent,
    /// Puts every path below another one.
    ChangingPaths,
}

/// A running nginx, which ends on drop.
pub(crate) struct Front {
    nginx: Nginx,
    pub(crate) address: SocketAddr,
}

impl Front {
    pub(crate) fn start(gateway: SocketAddr, manner: Manner) -> Self {
        let location = match manner {
            Manner::Replacing => {
                format!(
                    "proxy_pass http://{gateway}; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header Forwarded '';"
                )
            }
            Manner::PassingOn => format!("proxy_pass http://{gateway};"),
            Manner::Silent => {
                format!(
                    "proxy_pass http://{gateway}; proxy_set_header X-Forwarded-For ''; proxy_set_header Forwarded '';"
                )
            }
            Manner::ChangingPaths => format!("proxy_pass http://{gateway}/below/;"),
        };
        Self::serve(&location, "", TempDir::new().unwrap())
    }

    /// Returns a log file: `full.log` in the default format, or `paths.log` without queries.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.nginx.folder().join(name)
    }

    /// Starts nginx with a certificate that is valid for `days`, and copies its authority into the folder.
    pub(crate) fn start_with_tls(gateway: SocketAddr, folder: &TempDir, days: i64) -> Self {
        let own = TempDir::new().unwrap();
        make_certificate(own.path(), days);
        fs::copy(own.path().join("ca.pem"), folder.path().join("ca.pem")).unwrap();
        let location =
            format!("proxy_pass http://{gateway}; proxy_set_header X-Forwarded-For $remote_addr;");
        Self::serve(&location, "ssl", own)
    }

    fn serve(location: &str, ssl: &str, folder: TempDir) -> Self {
        let address = free_address().unwrap();
        let certificate = match ssl {
            "" => "",
            _ => "ssl_certificate certificate.pem; ssl_certificate_key key.pem;",
        };
        let http = format!(
            "log_format paths '$request_method $uri';
access_log full.log;
access_log paths.log paths;
server {{ listen {address} {ssl}; {certificate} location / {{ {location} }} }}"
        );
        let nginx = Nginx::start(folder, &Nginx::configuration(&http), address).unwrap();
        Self { nginx, address }
    }
}

/// Creates a certificate for `localhost` in that folder, with its key and its authority: `certificate.pem`,
/// `key.pem` and `ca.pem`.
#[expect(
    clippy::disallowed_methods,
    reason = "certificates are judged by the real time"
)]
pub(crate) fn make_certificate(folder: &Path, days: i64) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let now = OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(30);
    params.not_after = now + time::Duration::days(days) + time::Duration::hours(1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    for (name, pem) in [
        ("ca.pem", authority.pem()),
        ("certificate.pem", certificate.pem()),
        ("key.pem", key.serialize_pem()),
    ] {
        fs::write(folder.join(name), pem).unwrap();
    }
}
