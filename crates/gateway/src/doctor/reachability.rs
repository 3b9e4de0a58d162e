//! Checks that both listeners respond, and that the public address leads to them.

use std::net::IpAddr;

use isogloss_core::{Clock as _, SystemClock};
use isogloss_exchange::{Host, Response};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::{Finding, Findings, certificates, probe};
use crate::config::{Config, Management, Server};
use crate::dialects::Mount;
use crate::http::self_probe::{Arrival, FORGED, HEADER, Probe};
use crate::management_client::listener;

/// How far clocks may differ before tokens seem to live too long or too short, in seconds.
const CLOCKS_DIFFER: i64 = 5;

pub(super) fn management(config: &Config, findings: &mut Findings) {
    const CHECK: &str = "management listener";

    let Management { bind, tls, .. } = &config.sections.management;
    let answer = listener(*bind, tls.as_ref()).and_then(|host| host.get("/readyz", ""));
    let answer = match answer {
        Ok(answer) => answer,
        // Its certificate is for a name, which the configuration does not say.
        Err(failure) if tls.is_some() => {
            let hint = "use the host name of its certificate for /readyz";
            findings.add(Finding::warning(CHECK, failure.to_string(), hint));
            return;
        }
        Err(failure) => {
            let hint = "start the gateway: isogloss serve";
            findings.add(Finding::warning(CHECK, failure.to_string(), hint));
            return;
        }
    };
    let reason = answer.json().ok().and_then(|body| {
        let reason = body.get("reason")?.as_str()?;
        Some(reason.to_owned())
    });
    findings.add(match (answer.status, reason) {
        (200, _) => Finding::ok(CHECK, "the gateway is ready"),
        (503, Some(reason)) => Finding::failed(CHECK, reason, "see /readyz"),
        (status, _) => Finding::failed(
            CHECK,
            format!("{bind} responded with {status}, so it is not a gateway"),
            "check management.bind",
        ),
    });
    clock(&answer, "the gateway", findings);
}

fn clock(answer: &Response, whose: &str, findings: &mut Findings) {
    let date = answer.header("Date").and_then(|date| {
        let date = date.replace("GMT", "+0000");
        OffsetDateTime::parse(&date, &Rfc2822).ok()
    });
    let Some(date) = date else { return };
    let ahead = (date - SystemClock.now()).whole_seconds();
    if ahead.abs() <= CLOCKS_DIFFER {
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

/// The routes of each dialect: where the gateway listens, and where clients find it.
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
        && let Ok(listener) = listener(*bind, None)
    {
        routes(config, &probe, (&listener, Way::Straight), findings);
    }
    let url = public_url.or(Some(&config.sections.server.public_url));
    match url.filter(|url| !url.is_empty()).map(str::parse::<Host>) {
        None => findings.add(Finding::warning(
            "public address",
            "is not set, so the doctor cannot check that it leads to this gateway",
            "set server.public_url, or give --public-url, such as https://login.example.com",
        )),
        Some(Err(failure)) => findings.add(Finding::failed(
            "public address",
            failure.to_string(),
            "check server.public_url",
        )),
        Some(Ok(host)) => {
            certificates::presented(&host, findings);
            routes(config, &probe, (&host, Way::AsClients), findings);
        }
    }
}

/// How a probe reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Straight,
    /// Through whatever stands in front, which has to replace what clients say of addresses.
    AsClients,
}

fn routes(config: &Config, probe: &Probe, (host, way): (&Host, Way), findings: &mut Findings) {
    for mount in &config.mounts {
        let check = format!("{} at {}{}", mount.name, host.base(), mount.path);
        let finding = match (route(probe, (host, way), mount, &check), way) {
            (Err(finding), _) => finding,
            (Ok(_), Way::Straight) => Finding::ok(&check, "leads here"),
            (Ok(arrival), Way::AsClients) => source(config, &check, &arrival),
        };
        findings.add(finding);
        // If the host does not respond to one probe, it does not respond to the others.
        if host.reach().is_err() {
            return;
        }
    }
}

fn route(
    probe: &Probe,
    (host, way): (&Host, Way),
    mount: &Mount,
    check: &str,
) -> Result<Arrival, Finding> {
    let failed = |text: String, hint: &str| Finding::failed(check, text, hint);
    let question = probe.ask(SystemClock.now());
    let question = question.map_err(|error| failed(error.to_string(), "no random numbers"))?;
    let mut headers = format!("{HEADER}: {}\r\n", question.as_str());
    if way == Way::AsClients {
        let forged = format!("X-Forwarded-For: {FORGED}\r\nForwarded: for={FORGED}\r\n");
        headers.push_str(&forged);
    }
    let path = format!("{}/", mount.path);
    let answer = host.get(&path, &headers).map_err(|failure| {
        failed(
            failure.to_string(),
            "check that the gateway runs, and that the name leads to it",
        )
    })?;
    let arrival = answer.header(HEADER.as_str());
    let Some(arrival) = arrival.and_then(|answer| probe.read(&question, answer)) else {
        let server = answer.header("Server").unwrap_or("a server");
        return Err(failed(
            format!(
                "{server} responded with {}, and is not this gateway",
                answer.status
            ),
            "check that the name leads to the right machine, that the proxy passes this path to the gateway, \
             and that both machines have the same pepper and time",
        ));
    };
    match arrival.dialect.as_deref() {
        Some(name) if name == mount.name => Ok(arrival),
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

/// A route that works, unless anybody can say where he comes from.
fn source(config: &Config, check: &str, arrival: &Arrival) -> Finding {
    if arrival.source == FORGED {
        return Finding::failed(
            check,
            "clients can forge their address, and so bypass the throttle",
            "configure the proxy to replace X-Forwarded-For and Forwarded, as in docs/reverse-proxies.md",
        );
    }
    if arrival.by_unlisted {
        return Finding::warning(
            check,
            format!(
                "leads here, but the gateway does not trust the proxy {}: it is not in \
                 server.trusted_proxies",
                arrival.source
            ),
            "add it there; otherwise, all its clients share one address",
        );
    }
    let trusted = &config.sections.server.trusted_proxies;
    let address = arrival.source.parse::<IpAddr>();
    let is_proxy = |address| trusted.iter().any(|network| network.contains(address));
    if !arrival.told && address.is_ok_and(is_proxy) {
        return Finding::warning(
            check,
            format!(
                "leads here, but the proxy {} does not send the client's address",
                arrival.source
            ),
            "configure it to set X-Forwarded-For (server.proxy_header); otherwise, all clients share one address",
        );
    }
    Finding::ok(check, format!("leads here; seen as {}", arrival.source))
}
