//! Logins, compared with the bare bcrypt crate on as many threads.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use isogloss_testkit::Store;

use crate::Effort;
use crate::dialects::{ALL, BIMPLUS, Dialect, MARK, MEMSOURCE};
use crate::gateways::{Setting, start};
use crate::load::{Questions, ask};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::{Target, beside};
use crate::times::Times;
use crate::wire::Wire;

const COST: u32 = 8;
pub(crate) const SAME_COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "8");
/// Concurrent logins: more than there are threads, fewer than fit into the queue.
const CLIENTS: usize = 16;
const AT_ONCE: &str = "all four dialects";

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let threads = thread::available_parallelism()?.get();
    let gateway = start(program, Store::Embedded, &[SAME_COST])?;
    let through = |dialects: &[Dialect]| {
        let logins: Vec<_> = dialects.iter().map(Dialect::login).collect();
        Questions::whole(&logins, MARK)
    };
    let (bimplus, memsource) = (through(&[BIMPLUS])?, through(&[MEMSOURCE])?);
    // Each client sends its next login in the next dialect.
    let all_four = through(&ALL)?;
    let hash = bcrypt::hash("sample-demo", COST)?;
    let login =
        |questions: &Questions| Ok(ask(gateway.public(), questions, CLIENTS, effort.each)?.rate);
    let contestants = [
        Contestant::new("bcrypt crate", || raw(&hash, threads, effort)),
        Contestant::new("BIMplus", || login(&bimplus)),
        Contestant::new("Memsource", || login(&memsource)),
        Contestant::new(AT_ONCE, || login(&all_four)),
    ];
    let all = run("login", "logins/s", effort.rounds, &contestants)?;
    for who in ["BIMplus", "Memsource", AT_ONCE] {
        report.judge(beside(
            &all,
            &Target {
                what: format!("{who} logins relative to the bcrypt crate on {threads} threads"),
                who,
                other: "bcrypt crate",
                least: 0.97,
                limit: None,
            },
        ));
    }
    report.table(
        &format!("logins, bcrypt cost {COST}, {CLIENTS} clients"),
        "logins/s",
        &all,
    );
    Ok(())
}

/// Returns the median latency of one client's successive logins, in milliseconds.
pub(crate) fn one_takes(server: SocketAddr, during: Duration) -> Result<f64> {
    let (mut wire, mut times) = (Wire::open(server)?, Times::new()?);
    let (login, begun) = (BIMPLUS.login(), Instant::now());
    while begun.elapsed() < during {
        let asked = Instant::now();
        BIMPLUS.token_in(&wire.ask(&login)?)?;
        times.add(asked.elapsed());
    }
    Ok(times.at(50.0))
}

/// Returns the checks per second of the bare bcrypt crate.
fn raw(hash: &str, threads: usize, effort: Effort) -> Result<f64> {
    let (begun, done, failed) = (Instant::now(), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while begun.elapsed() < effort.each {
                    match bcrypt::verify("sample-demo", hash) {
                        Ok(true) => done.fetch_add(1, Ordering::Relaxed),
                        _ => failed.fetch_add(1, Ordering::Relaxed),
                    };
                }
            });
        }
    });
    ensure!(failed.into_inner() == 0, "bcrypt refuses its own hash");
    Ok(f64::from(done.into_inner()) / begun.elapsed().as_secs_f64())
}
