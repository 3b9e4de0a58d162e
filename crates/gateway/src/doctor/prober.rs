//! Sends probes to the gateway.

use isogloss_core::{Clock as _, SystemClock};
use ureq::http::Response;

use super::Finding;
use crate::dialects::Mount;
use crate::http::self_probe::{
    FORGED_CLIENT_IP, HEADER, ProbeReport, ProbeSubject, SelfProbe, forged_element,
};
use crate::http_client::HttpClient;

/// How a probe reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeRoute {
    Direct,
    /// Through whatever stands in front, which has to replace what clients say of addresses.
    PublicAddress,
}

/// Sends probes to one address of the gateway.
pub(super) struct Prober<'p> {
    pub(super) probe: &'p SelfProbe,
    pub(super) client: &'p HttpClient,
    pub(super) route: ProbeRoute,
}

impl Prober<'_> {
    /// Sends a probe to a dialect, and returns the gateway's report. Fails with a finding of `check` if no report
    /// arrives or the probe did not reach the dialect.
    pub(super) fn ask(
        &self,
        subject: ProbeSubject,
        mount: &Mount,
        check: &str,
    ) -> Result<ProbeReport, Finding> {
        let failed = |text: String, hint: &str| Finding::failed(check, text, hint);
        let challenge = self.probe.challenge(subject, SystemClock.now());
        let challenge =
            challenge.map_err(|error| failed(error.to_string(), "no random numbers"))?;
        let forwarded = forged_element();
        let name = HEADER;
        let mut headers = vec![(name.as_str(), challenge.as_str())];
        if self.route == ProbeRoute::PublicAddress {
            headers.extend([
                ("X-Forwarded-For", FORGED_CLIENT_IP),
                ("Forwarded", &forwarded),
            ]);
        }
        let path = format!("{}/", mount.path);
        let response = self.client.get(&path, &headers).map_err(|error| {
            failed(
                error.to_string(),
                "check that the gateway runs, and that the name leads to it",
            )
        })?;
        let report = header(&response, name.as_str());
        let report = report.and_then(|answer| self.probe.parse_report(&challenge, answer));
        let Some(report) = report else {
            let server = header(&response, "Server").unwrap_or("a server");
            return Err(failed(
                format!(
                    "{server} responded with {}, and is not this gateway",
                    response.status().as_u16()
                ),
                "check that the name leads to the right machine, that the proxy passes this path to the gateway, \
                 and that both machines have the same pepper and time",
            ));
        };
        match report.dialect.as_deref() {
            Some(name) if name == mount.name => Ok(report),
            Some(other) => Err(failed(
                format!("leads to the dialect {other}"),
                "configure the proxy not to change paths",
            )),
            None => Err(failed(
                "reaches the gateway, but no dialect".to_owned(),
                "check that the running gateway has this dialect, and that the proxy does not change paths",
            )),
        }
    }
}

/// Returns a header of a response as text, or `None` if it is absent or not text.
pub(super) fn header<'r>(response: &'r Response<Vec<u8>>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}
