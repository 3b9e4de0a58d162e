//! Checks that both listeners respond, and that the public address leads to them.

use std::net::IpAddr;

use isogloss_core::{Clock as _, SystemClock};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use ureq::http::Response;

use super::prober::{ProbeRoute, Prober, header};
use super::{Finding, Findings, back_ends, certificates, probe};
use crate::config::{BaseUrl, Config, Management, Server};
use crate::http::self_probe::{FORGED_CLIENT_IP, ProbeReport, ProbeSubject};
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
    let listener = listener_url(*bind, None).ok().filter(|_| tls.is_none());
    let direct = listener.map(HttpClient::new);
    let direct = direct.as_ref().map(|client| Prober {
        probe: &probe,
        client,
        route: ProbeRoute::Direct,
    });
    let direct = direct.filter(|prober| routes(config, prober, findings));
    let url = public_url.or(Some(&config.sections.server.public_url));
    match url.filter(|url| !url.is_empty()).map(str::parse::<BaseUrl>) {
        None => {
            findings.add(Finding::warning(
                "public address",
                "is not set, so the doctor cannot check that it leads to this gateway",
                "set server.public_url, or give --public-url, such as https://login.example.com",
            ));
            if let Some(prober) = direct {
                back_ends::examine(config, &prober, findings);
            }
        }
        Some(Err(error)) => findings.add(Finding::failed(
            "public address",
            error.to_string(),
            "check server.public_url",
        )),
        Some(Ok(base)) => {
            certificates::check_host(&base, findings);
            let client = HttpClient::new(base);
            let prober = Prober {
                probe: &probe,
                client: &client,
                route: ProbeRoute::PublicAddress,
            };
            if routes(config, &prober, findings) {
                back_ends::examine(config, &prober, findings);
            }
        }
    }
}

/// Checks the routes of each dialect at one address. Adds the results to `findings`, and stops if the host does
/// not respond. Returns whether it responds.
fn routes(config: &Config, prober: &Prober<'_>, findings: &mut Findings) -> bool {
    for mount in &config.mounts {
        let check = format!(
            "{} at {}{}",
            mount.name,
            prober.client.base().as_str(),
            mount.path
        );
        let report = prober.ask(ProbeSubject::Arrival, mount, &check);
        findings.add(match (report, prober.route) {
            (Err(finding), _) => finding,
            (Ok(_), ProbeRoute::Direct) => Finding::ok(&check, "leads here"),
            (Ok(report), ProbeRoute::PublicAddress) => source(config, &check, &report),
        });
        // If the host does not respond to one probe, it does not respond to the others.
        if prober.client.get("/", &[]).is_err() {
            return false;
        }
    }
    true
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
