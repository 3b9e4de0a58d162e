//! A storm of logins while token checks run at a steady rate.
//!
//! Measures the latency of the checks, whether any fails, and how soon a login is refused when the queue is full.

mod logins;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use isogloss_testkit::{Redis, Store};

use self::logins::{Logins, client};
use crate::Effort;
use crate::dialects::{BIMPLUS, bimplus, check};
use crate::gateways::{Setting, start};
use crate::pace::{Pace, steadily};
use crate::report::Report;
use crate::targets::at_most;
use crate::times::Times;
use crate::wire::Wire;

/// bcrypt cost of the users' passwords.
pub(crate) const COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "10");
/// Checks per second, and over how many connections.
const RATE: u32 = 4_000;
const CONNECTIONS: u32 = 16;
/// Number of login clients: as many as the queue takes, and far more.
const STORMS: [usize; 2] = [64, 512];
/// The first wave of logins is over before checks are measured. Its logins are measured, too.
const WARM_UP: Duration = Duration::from_secs(2);

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let redis = Redis::start()?;
    let gateway = start(program, Store::Redis(redis.url()), &[COST])?;
    let server = gateway.public();
    let token = token(server)?;
    checks(server, &token, WARM_UP)?;
    let idle = checks(server, &token, effort.storm)?;
    report.line(&format!("Storm: idle, {}.", idle.told()));
    for clients in STORMS {
        let (during, logins) = storm(server, &token, clients, effort.storm)?;
        report.line(&format!(
            "Storm of {clients} clients: {}; logins: {}.",
            during.told(),
            logins.told()
        ));
        let what = format!("99th percentile of checks while {clients} clients log in");
        let most = limit(idle.times.at(99.0));
        report.judge(at_most(&what, "ms", during.times.at(99.0), most));
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let failed = during.failed as f64;
        let what = format!("checks that fail while {clients} clients log in");
        report.judge(at_most(&what, "checks", failed, 0.0));
        if logins.refused.many() > 0 {
            let what = format!("99th percentile of refusing surplus logins of {clients} clients");
            report.judge(at_most(&what, "ms", logins.refused.at(99.0), 50.0));
        }
    }
    Ok(())
}

/// Returns the limit for 99 % of the checks, in milliseconds, from their latency without a storm.
fn limit(idle: f64) -> f64 {
    (idle * 2.0).clamp(10.0, 25.0)
}

/// Returns the 99th percentile of check latency in milliseconds, while that many clients log in.
pub(crate) fn checks_take(server: SocketAddr, clients: usize, during: Duration) -> Result<f64> {
    let token = token(server)?;
    let (checks, _) = storm(server, &token, clients, during)?;
    ensure!(checks.failed == 0, "{} checks failed", checks.failed);
    Ok(checks.times.at(99.0))
}

/// Returns the 99th percentile of check latency in milliseconds, while nothing else is measured.
pub(crate) fn checks_alone(server: SocketAddr, during: Duration) -> Result<f64> {
    let checks = checks(server, &token(server)?, during)?;
    ensure!(checks.failed == 0, "{} checks failed", checks.failed);
    Ok(checks.times.at(99.0))
}

/// Returns a token of another user: many logins of one user end that user's oldest tokens.
fn token(server: SocketAddr) -> Result<String> {
    let login = bimplus("linguist", "linguist-demo");
    BIMPLUS.token_in(&Wire::open(server)?.ask(&login)?)
}

struct Checks {
    times: Times,
    failed: u64,
}

impl Checks {
    fn told(&self) -> String {
        format!(
            "{} checks, half within {:.1} ms, 99 % within {:.1} ms, all within {:.1} ms, {} failed",
            self.times.many(),
            self.times.at(50.0),
            self.times.at(99.0),
            self.times.at(100.0),
            self.failed
        )
    }
}

/// Sends checks at a steady rate.
fn checks(server: SocketAddr, token: &str, during: Duration) -> Result<Checks> {
    let (times, failed) = (Times::new()?, 0);
    let checks = Mutex::new(Checks { times, failed });
    let pace = Pace {
        rate: RATE,
        connections: CONNECTIONS,
        during,
    };
    steadily(server, &check(token), pace, &|answered| {
        let mut checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.times.add(answered.took);
        checks.failed += u64::from(answered.status != 200);
    })?;
    Ok(checks.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Sends checks while clients log in, and returns the latencies of both.
fn storm(
    server: SocketAddr,
    token: &str,
    clients: usize,
    during: Duration,
) -> Result<(Checks, Logins)> {
    let logins = Mutex::new(Logins::new()?);
    let stop = AtomicBool::new(false);
    let checked = thread::scope(|scope| {
        let (logins, stop) = (&logins, &stop);
        let clients: Vec<_> = (0..clients)
            .map(|number| scope.spawn(move || client(server, number, stop, logins)))
            .collect();
        thread::sleep(WARM_UP);
        let checked = checks(server, token, during);
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().ok().context("a client panicked")??;
        }
        checked
    })?;
    let logins = logins.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((checked, logins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_machine_is_given_time_but_not_without_end() {
        let near = |limit: f64, expected: f64| (limit - expected).abs() < 1e-9;
        assert!(near(limit(1.0), 10.0));
        assert!(near(limit(7.0), 14.0));
        assert!(near(limit(40.0), 25.0));
    }
}
