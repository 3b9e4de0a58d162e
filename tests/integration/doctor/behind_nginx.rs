//! What stands in front of a gateway: nginx, set up well or not so well.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use isogloss_testkit::servers::{Nginx, free_address};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use time::OffsetDateTime;

/// What it makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It says for whom it asks, whatever the client says.
    Replacing,
    /// It passes on what the client says.
    PassingOn,
    /// It says nothing.
    Silent,
    /// It puts every path below another one.
    ChangingPaths,
}

/// A running nginx, which ends when this is dropped.
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

    /// A log of it: `full.log` as nginx has it by itself, `paths.log` without queries.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.nginx.folder().join(name)
    }

    /// With a certificate that is good for so many days; its authority is put into the folder.
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

/// A certificate for `localhost` in that folder, with its key and its authority: `certificate.pem`,
/// `key.pem`, `ca.pem`.
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
