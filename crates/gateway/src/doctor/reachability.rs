//! Checks that both listeners respond, and that the public address leads to them.

use std::net::IpAddr;

use isogloss_core::{Clock as _, SystemClock};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use ureq::http::Response;

use super::{Finding, Findings, certificates, probe};
use crate::config::{BaseUrl, Config, Management, Server};
use crate::dialects::Mount;
use crate::http::self_probe::{FORGED_CLIENT_IP, HEADER, ProbeReport, SelfProbe, forged_element};
use crate::http_client::HttpClient;
use crate::management_client::listener_url;

/// How far clocks may differ before tokens seem to live too long or too short, in seconds.
const MAX_CLOCK_DIFFERENCE: i64 = 5;

/// Checks that the management listener responds and the gateway is ready. Adds the results to `findings`.
pub(super) fn management(config: &Config, findings: &mut Findings) {
    const CHECK: &str = "management listener";

    let Management { bind, tls, .. } = &config.sections.management;
    let Ok(base) = listener_url(*bind, tls.as_ref()) else {
        return;
    };
    let response = match HttpClient::new(base).get("/readyz", &[]) {
        Ok(response) => response,
        // Its certificate is for a name, which the configuration does not say.
        Err(error) if tls.is_some() => {
            let hint = "use the host name of its certificate for /readyz";
            findings.add(Finding::warning(CHECK, error.to_string(), hint));
            return;
        }
        Err(error) => {
            let hint = "start the gateway: isogloss serve";
            findings.add(Finding::warning(CHECK, error.to_string(), hint));
            return;
        }
    };
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let reason = body["reason"].as_str().map(str::to_owned);
    findings.add(match (response.status().as_u16(), reason) {
        (200, _) => Finding::ok(CHECK, "the gateway is ready"),
        (503, Some(reason)) => Finding::failed(CHECK, reason, "see /readyz"),
        (status, _) => Finding::failed(
            CHECK,
            format!("{bind} responded with {status}, so it is not a gateway"),
            "check management.bind",
        ),
    });
    clock(&response, "the gateway", findings);
}

/// Compares the `Date` of a response with this machine's time. Adds the result to `findings`.
fn clock(response: &Response<Vec<u8>>, whose: &str, findings: &mut Findings) {
    let date = header(response, "Date").and_then(|date| {
        let date = date.replace("GMT", "+0000");
        OffsetDateTime::parse(&date, &Rfc2822).ok()
    });
    let Some(date) = date else { return };
    let ahead = (date - SystemClock.now()).whole_seconds();
    if ahead.abs() <= MAX_CLOCK_DIFFERENCE {
        findings.add(Finding::ok(
            "clock",
            format!("{whose} has the same time as this machine"),
        ));
    } else {
        findings.add(Finding::warning(
            "clock",
            format!("{whose} is {ahead} s ahead of this machine"),
            "synchronise both clocks: second factors and lifetimes depend on them",
        ));
    }
}

/// Returns a header of a response as text, or `None` if it is absent or not text.
fn header<'r>(response: &'r Response<Vec<u8>>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// Checks the routes of each dialect, at the gateway's own address and at the public one. Adds the results to
/// `findings`.
pub(super) fn public(config: &Config, public_url: Option<&str>, findings: &mut Findings) {
    let Some(probe) = probe(config) else {
        findings.add(Finding::warning(
            "routes",
            "cannot be checked without the pepper of the gateway",
            "run the doctor on a machine that has tokens.pepper_file",
        ));
        return;
    };
    let Server { bind, tls, .. } = &config.sections.server;
    // A certificate is for the name that clients know: with one, only that way is gone.
    if tls.is_none()
        && let Ok(listener) = listener_url(*bind, None)
    {
        let client = HttpClient::new(listener);
        routes(config, &probe, (&client, ProbeRoute::Direct), findings);
    }
    let url = public_url.or(Some(&config.sections.server.public_url));
    match url.filter(|url| !url.is_empty()).map(str::parse::<BaseUrl>) {
        None => findings.add(Finding::warning(
            "public address",
            "is not set, so the doctor cannot check that it leads to this gateway",
            "set server.public_url, or give --public-url, such as https://login.example.com",
        )),
        Some(Err(error)) => findings.add(Finding::failed(
            "public address",
            error.to_string(),
            "check server.public_url",
        )),
        Some(Ok(base)) => {
            certificates::check_host(&base, findings);
            let client = HttpClient::new(base);
            routes(
                config,
                &probe,
                (&client, ProbeRoute::PublicAddress),
                findings,
            );
        }
    }
}

/// How a probe reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbeRoute {
    Direct,
    /// Through whatever stands in front, which has to replace what clients say of addresses.
    PublicAddress,
}

/// Checks the routes of each dialect at one address. Adds the results to `findings`, and stops if the host does
/// not respond.
fn routes(
    config: &Config,
    probe: &SelfProbe,
    (client, probe_route): (&HttpClient, ProbeRoute),
    findings: &mut Findings,
) {
    for mount in &config.mounts {
        let check = format!("{} at {}{}", mount.name, client.base().as_str(), mount.path);
        let finding = match (
            route(probe, (client, probe_route), mount, &check),
            probe_route,
        ) {
            (Err(finding), _) => finding,
            (Ok(_), ProbeRoute::Direct) => Finding::ok(&check, "leads here"),
            (Ok(report), ProbeRoute::PublicAddress) => source(config, &check, &report),
        };
        findings.add(finding);
        // If the host does not respond to one probe, it does not respond to the others.
        if client.get("/", &[]).is_err() {
            return;
        }
    }
}

/// Sends a probe to a dialect, and returns the gateway's report. Fails with a finding if no report arrives or
/// the probe did not reach the dialect.
fn route(
    probe: &SelfProbe,
    (client, probe_route): (&HttpClient, ProbeRoute),
    mount: &Mount,
    check: &str,
) -> Result<ProbeReport, Finding> {
    let failed = |text: String, hint: &str| Finding::failed(check, text, hint);
    let challenge = probe.challenge(SystemClock.now());
    let challenge = challenge.map_err(|error| failed(error.to_string(), "no random numbers"))?;
    let forwarded = forged_element();
    let name = HEADER;
    let mut headers = vec![(name.as_str(), challenge.as_str())];
    if probe_route == ProbeRoute::PublicAddress {
        headers.extend([
            ("X-Forwarded-For", FORGED_CLIENT_IP),
            ("Forwarded", &forwarded),
        ]);
    }
    let path = format!("{}/", mount.path);
    let response = client.get(&path, &headers).map_err(|error| {
        failed(
            error.to_string(),
            "check that the gateway runs, and that the name leads to it",
        )
    })?;
    let report = header(&response, name.as_str());
    let Some(report) = report.and_then(|answer| probe.parse_report(&challenge, answer)) else {
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

/// Returns the finding about a route that works: a warning or failure if the gateway does not see the real
/// client IP.
fn source(config: &Config, check: &str, report: &ProbeReport) -> Finding {
    if report.source == FORGED_CLIENT_IP {
        return Finding::failed(
            check,
            "clients can forge their address, and so bypass the throttle",
            "configure the proxy to replace X-Forwarded-For and Forwarded, as in docs/reverse-proxies.md",
        );
    }
    if report.by_untrusted {
        return Finding::warning(
            check,
            format!(
                "leads here, but the gateway does not trust the proxy {}: it is not in \
                 server.trusted_proxies",
                report.source
            ),
            "add it there; otherwise, all its clients share one address",
        );
    }
    let trusted = &config.sections.server.trusted_proxies;
    let address = report.source.parse::<IpAddr>();
    let is_proxy = |address| trusted.iter().any(|network| network.contains(address));
    if !report.forwarded && address.is_ok_and(is_proxy) {
        return Finding::warning(
            check,
            format!(
                "leads here, but the proxy {} does not send the client's address",
                report.source
            ),
            "configure it to set X-Forwarded-For (server.proxy_header); otherwise, all clients share one address",
        );
    }
    Finding::ok(check, format!("leads here; seen as {}", report.source))
}
