//! Calls that go on to a back end: through the gateway, and through nginx that checks each token with the gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use isogloss_testkit::servers::{Nginx, free_port};
use isogloss_testkit::{Redis, Store};
use tempfile::TempDir;

use crate::Effort;
use crate::dialects::BIMPLUS as LOGIN;
use crate::gateways::start_with;
use crate::hello::Hello;
use crate::load::{Questions, ask};
use crate::pace::{Pace, steadily};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::{Target, at_most, beside};
use crate::times::Times;
use crate::validation::END;

const CALL: &str = "GET /v2/projects HTTP/1.1\r\nHost: bench\r\nAuthorization: BimPlus ";
const CLIENTS: usize = 32;
/// Workers of the back end, of the gateway and of nginx.
const WORKERS: usize = 2;
/// Calls per second at which latency is measured, and over how many connections.
const RATE: u32 = 1_000;
const CONNECTIONS: u32 = 16;

const BACK_END: &str = "the back end alone";
const GATEWAY: &str = "through the gateway";
const NGINX: &str = "through nginx, auth_request";

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let back_end = Hello::start(WORKERS)?;
    let redis = Redis::start()?;
    let address = format!("http://{}", back_end.place);
    let gateway = start_with(program, Store::Redis(redis.url()), |gateway| {
        gateway.env("ISOGLOSS__DIALECTS__BIMPLUS__BACKEND", &address)
    })?;
    let (_nginx, nginx) = start_nginx(back_end.place, gateway.management())?;
    let token = LOGIN.token(gateway.public())?;
    let places = [
        (BACK_END, back_end.place),
        (GATEWAY, gateway.public()),
        (NGINX, nginx),
    ];

    let calls = Questions::about(std::slice::from_ref(&token), CALL, END)?;
    let contestants: Vec<_> = places
        .iter()
        .map(|(name, place)| {
            let calls = &calls;
            Contestant::new(*name, move || {
                Ok(ask(*place, calls, CLIENTS, effort.each)?.rate)
            })
        })
        .collect();
    let what = format!("calls to a back end, {CLIENTS} clients");
    let all = run(&what, "calls/s", effort.rounds, &contestants)?;
    report.judge(beside(
        &all,
        &Target {
            what: format!("{what}: {GATEWAY}, relative to nginx with auth_request"),
            who: GATEWAY,
            other: NGINX,
            least: 1.0,
            limit: Some(BACK_END),
        },
    ));
    report.table(&what, "calls/s", &all);

    let call = format!("{CALL}{token}{END}");
    let [alone, relayed, by_nginx] = places.map(|(_, place)| latency(place, &call, effort));
    let (alone, relayed, by_nginx) = (alone?, relayed?, by_nginx?);
    report.line(&format!(
        "Calls to a back end, {RATE} a second, 99th percentile: {alone:.2} ms alone, {relayed:.2} ms {GATEWAY}, \
         {by_nginx:.2} ms {NGINX}."
    ));
    report.judge(at_most(
        &format!("99th percentile of calls {GATEWAY} at {RATE} a second, more than without it"),
        "ms",
        relayed - alone,
        1.5,
    ));
    Ok(())
}

/// Returns the 99th percentile in milliseconds of a call that is sent at a steady rate.
fn latency(server: SocketAddr, call: &str, effort: Effort) -> Result<f64> {
    let measured = Mutex::new((Times::new()?, 0_u64));
    let pace = Pace {
        rate: RATE,
        connections: CONNECTIONS,
        during: effort.storm,
    };
    steadily(server, call, pace, &|answered| {
        let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.0.add(answered.took);
        measured.1 += u64::from(answered.status != 200);
    })?;
    let (times, failed) = measured
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    ensure!(failed == 0, "{failed} calls failed");
    Ok(times.at(99.0))
}

/// Starts nginx in front of the back end, which asks the gateway about each token, and returns its address.
fn start_nginx(back_end: SocketAddr, gateway: SocketAddr) -> Result<(Nginx, SocketAddr)> {
    let folder = TempDir::new()?;
    let place = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let configuration = include_str!("relay.conf")
        .replace("FOLDER", &folder.path().display().to_string())
        .replace("WORKERS", &WORKERS.to_string())
        .replace("BACK_END", &back_end.to_string())
        .replace("ISOGLOSS", &gateway.to_string())
        .replace("PORT", &place.port().to_string());
    Ok((Nginx::start(folder, &configuration, place)?, place))
}
