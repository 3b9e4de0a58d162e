//! Logins of local users, and token checks, while other logins wait for an authority that never answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use isogloss_testkit::{Gateway, Store};

use crate::Effort;
use crate::dialects::{BIMPLUS, MARK, bimplus};
use crate::gateways::{start_with, with};
use crate::load::{Questions, ask};
use crate::login::SAME_COST;
use crate::report::Report;
use crate::rounds::{Contestant, median, run};
use crate::storm::checks_alone;
use crate::targets::{Target, at_most, beside};
use crate::wire::Wire;

/// Clients whose users only the authority knows.
const WAITING: usize = 64;
/// Clients of local users.
const CLIENTS: usize = 16;
/// Time after which the gateway gives up waiting for the authority.
const TIMEOUT: Duration = Duration::from_secs(1);
/// When a client whose login was "unavailable" tries again, as the response asks.
const RETRY: Duration = Duration::from_secs(1);
/// Rounds for each of the other benchmarks: the difference is small.
const ROUNDS: usize = 4;
const WITHOUT: &str = "no other logins";
const WITH: &str = "64 clients wait for the authority";

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let gateway = start(program, silent.local_addr()?)?;
    let server = gateway.public();
    // Its connections stay open until the process ends.
    thread::spawn(move || {
        let connections: Vec<_> = silent.incoming().collect();
        drop(connections);
    });
    let local = Questions::whole(&[BIMPLUS.login()], MARK)?;
    let logins = || Ok(ask(server, &local, CLIENTS, effort.each)?.rate);
    let contestants = [
        Contestant::new(WITHOUT, logins),
        Contestant::new(WITH, || while_others_wait(server, logins)),
    ];
    let rates = run(
        "logins of local users",
        "logins/s",
        ROUNDS * effort.rounds,
        &contestants,
    )?;
    report.judge(beside(
        &rates,
        &Target {
            what: format!(
                "logins of local users while {WAITING} clients wait for an authority that hangs"
            ),
            who: WITH,
            other: WITHOUT,
            least: 0.95,
            limit: None,
        },
    ));
    report.table(
        "logins of local users, bcrypt cost 8, 16 clients",
        "logins/s",
        &rates,
    );

    let mut later = Vec::new();
    for _ in 0..effort.rounds {
        let without = checks_alone(server, effort.each)?;
        let with = while_others_wait(server, || checks_alone(server, effort.each))?;
        report.line(&format!(
            "99 % of checks: within {without:.1} ms, and {with:.1} ms while {WAITING} clients wait for an authority."
        ));
        later.push(with - without);
    }
    let what = format!(
        "99th percentile of checks while {WAITING} clients wait for an authority that hangs, later by"
    );
    report.judge(at_most(&what, "ms", median(later), 2.0));
    Ok(())
}

fn start(program: &Path, silent: SocketAddr) -> Result<Gateway> {
    let authority = format!(
        "[[authorities]]\nname = 'silent'\nkind = 'http'\norganisation = 'CRMDEMO'\ntimeout = '{TIMEOUT:?}'\n\
         [authorities.http]\nurl = 'http://{silent}/'\nsecret = 'whsec_{}'\n",
        "A".repeat(32)
    );
    start_with(program, Store::Embedded, |gateway| {
        with(gateway, &[SAME_COST]).config_text(authority)
    })
}

/// Runs a measurement while other clients log in again and again, once the gateway has waited for the authority.
fn while_others_wait<T>(server: SocketAddr, measured: impl FnOnce() -> Result<T>) -> Result<T> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = &stop;
        let clients: Vec<_> = (0..WAITING)
            .map(|number| scope.spawn(move || client(server, number, stop)))
            .collect();
        thread::sleep(TIMEOUT);
        let measured = measured();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.thread().unpark();
            client.join().ok().context("a client panicked")??;
        }
        measured
    })
}

/// Logs in as a user who is unknown here until the measurement is over.
fn client(server: SocketAddr, number: usize, stop: &AtomicBool) -> Result<()> {
    let mut wire = Wire::open(server)?;
    let login = bimplus(&format!("elsewhere{number}"), "not known here");
    while !stop.load(Ordering::Relaxed) {
        let status = wire.ask(&login)?.status;
        ensure!(
            status == 503,
            "a login that nothing can judge has status {status}"
        );
        let answered = Instant::now();
        while answered.elapsed() < RETRY && !stop.load(Ordering::Relaxed) {
            thread::park_timeout(RETRY.saturating_sub(answered.elapsed()));
        }
    }
    Ok(())
}
