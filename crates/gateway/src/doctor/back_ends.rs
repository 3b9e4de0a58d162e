//! Checks that the back ends of the dialects respond to the gateway.

use super::prober::Prober;
use super::{Finding, Findings};
use crate::config::Config;
use crate::http::self_probe::{AddressReport, ProbeSubject};

/// Parts of the reasons that the gateway reports, each with what an operator should do. `D` stands for the dialect.
const ADVICE: [(&str, &str); 14] = [
    (
        "lookup address",
        "correct the host name in dialects.D.backend, or let the gateway's machine resolve it",
    ),
    (
        "refused",
        "start the back end, or correct dialects.D.backend",
    ),
    (
        "No such file",
        "start the back end, or correct the path of its socket in dialects.D.backend",
    ),
    (
        "Permission denied",
        "let the gateway's user read and write the socket of the back end",
    ),
    (
        "no connection within",
        "check that a firewall lets the gateway connect, and dialects.D.proxy.connect_timeout",
    ),
    (
        "no response within",
        "find out in the back end's log why it does not respond",
    ),
    (
        "UnknownIssuer",
        "set dialects.D.proxy.ca_file to the certificate authority of the back end",
    ),
    (
        "not valid for name",
        "set dialects.D.proxy.server_name to a name in the certificate of the back end",
    ),
    ("expired", "renew the certificate of the back end"),
    (
        "ApplicationVerificationFailure",
        "add the key of the back end to dialects.D.proxy.pins",
    ),
    (
        "certificate required",
        "set dialects.D.proxy.certificate_file and key_file to a certificate that the back end accepts",
    ),
    (
        "corrupt message",
        "if the back end has no TLS at this port, use http:// in dialects.D.backend",
    ),
    (
        "handshake eof",
        "if the back end has no TLS at this port, use http:// in dialects.D.backend",
    ),
    (
        "not HTTP",
        "if the back end has TLS at this port, use https:// in dialects.D.backend",
    ),
];

/// Asks the gateway how each back end responds to it. Adds the results to `findings`; adds nothing for dialects without
/// a back end.
pub(super) fn examine(config: &Config, prober: &Prober<'_>, findings: &mut Findings) {
    for mount in config
        .mounts
        .iter()
        .filter(|mount| mount.back_end().is_set())
    {
        let check = format!("back end of {}", mount.name);
        match prober.ask(ProbeSubject::BackEnd, mount, &check) {
            Err(finding) => findings.add(finding),
            Ok(report) => match report.back_end {
                None => findings.add(Finding::failed(
                    &check,
                    "is not in use: the running gateway has none for this dialect",
                    "reload the gateway, which then reads its configuration again",
                )),
                Some(addresses) => {
                    for address in &addresses {
                        findings.add(finding(mount.name, &check, address));
                    }
                }
            },
        }
    }
}

/// Returns the finding about one address of a back end.
fn finding(dialect: &str, check: &str, report: &AddressReport) -> Finding {
    let address = &report.address;
    match report.status {
        Some(400) => Finding::warning(
            check,
            format!("{address} responds with 400 to a simple request"),
            format!("if it expects TLS, use https:// in dialects.{dialect}.backend"),
        ),
        Some(status @ 500..) => Finding::warning(
            check,
            format!("{address} responds with {status}"),
            "find out in the back end's log why it fails",
        ),
        Some(status) => Finding::ok(check, format!("{address} responds ({status})")),
        None => {
            let reason = report.error.as_deref().unwrap_or("does not respond");
            let known = ADVICE.iter().find(|(words, _)| reason.contains(words));
            let hint = known.map_or("check that it runs and speaks HTTP/1.1", |(_, hint)| *hint);
            let hint = hint.replace("dialects.D.", &format!("dialects.{dialect}."));
            Finding::failed(check, format!("{address}: {reason}"), hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    fn report(status: Option<u16>, error: Option<&str>) -> AddressReport {
        AddressReport {
            address: "https://10.0.0.7:9000".to_owned(),
            status,
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn a_reason_is_reported_with_the_setting_that_removes_it() {
        for (reason, hint) in [
            (
                "connecting: Connection refused (os error 111)",
                "start the back end",
            ),
            (
                "TLS: invalid peer certificate: UnknownIssuer",
                "dialects.crmcom.proxy.ca_file",
            ),
            (
                "no connection within 2s",
                "dialects.crmcom.proxy.connect_timeout",
            ),
            ("something new", "check that it runs"),
        ] {
            let found = finding("crmcom", "back end of crmcom", &report(None, Some(reason)));
            assert_eq!(found.verdict, Severity::Failed);
            assert_eq!(found.text, format!("https://10.0.0.7:9000: {reason}"));
            assert!(found.hint.unwrap().contains(hint), "{reason}");
        }
    }

    #[test]
    fn any_other_response_shows_that_the_back_end_responds() {
        for (status, verdict) in [
            (200, Severity::Ok),
            (404, Severity::Ok),
            (401, Severity::Ok),
            (400, Severity::Warning),
            (503, Severity::Warning),
        ] {
            let found = finding("crmcom", "back end of crmcom", &report(Some(status), None));
            assert_eq!(found.verdict, verdict, "{status}");
        }
    }
}
