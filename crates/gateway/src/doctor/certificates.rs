//! How long the certificate is good that clients are shown.

use isogloss_core::{Clock as _, SystemClock};
use isogloss_exchange::Host;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::parse_x509_certificate;

use super::{Finding, Findings};
use crate::config::Config;

const CHECK: &str = "certificate";

/// Fewer days are worth a warning: most are renewed a month before.
const SOON: i64 = 21;

/// Connects to a host and returns the certificate for its name.
pub(super) fn presented(host: &Host, findings: &mut Findings) {
    let Some(certificate) = host.certificate() else {
        findings.add(Finding::warning(
            CHECK,
            format!(
                "{} is not HTTPS: passwords can be read on their way",
                host.base()
            ),
            "configure TLS in the proxy, or with server.tls",
        ));
        return;
    };
    match certificate {
        Ok(certificate) => judge(&certificate, findings),
        Err(failure) => findings.add(Finding::failed(
            CHECK,
            failure.to_string(),
            "clients get the same error. For your own certificate authority, set SSL_CERT_FILE=ca.pem",
        )),
    }
}

/// The certificates that our own listeners have in files, which is where a new one comes first.
pub(super) fn in_files(config: &Config, findings: &mut Findings) {
    let own = [&config.sections.server.tls, &config.sections.management.tls];
    for tls in own.into_iter().flatten() {
        let file = tls.certificate_file.display();
        let certificate = std::fs::read(&tls.certificate_file)
            .map_err(|error| format!("{file}: {error}"))
            .and_then(|text| {
                let found = CertificateDer::pem_slice_iter(&text).next();
                let found = found.and_then(Result::ok);
                found.ok_or_else(|| format!("{file} contains no certificate"))
            });
        match certificate {
            Ok(certificate) => judge(&certificate, findings),
            Err(text) => findings.add(Finding::failed(CHECK, text, "check certificate_file")),
        }
    }
}

fn judge(certificate: &[u8], findings: &mut Findings) {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        findings.add(Finding::failed(CHECK, "cannot be read", "renew it"));
        return;
    };
    let ends = certificate.validity().not_after.timestamp();
    let days = (ends - SystemClock.now().unix_timestamp()) / (24 * 60 * 60);
    findings.add(if days < SOON {
        Finding::warning(
            CHECK,
            format!("is valid for {days} days"),
            "check that it is renewed, and that the proxy uses the new one",
        )
    } else {
        Finding::ok(CHECK, format!("is valid for {days} days"))
    });
}
