//! Logins, beside the bare bcrypt crate on as many threads.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};
use conformance::Store;

use crate::Effort;
use crate::gateways::{Setting, start};
use crate::load::{Questions, ask};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::{Target, beside};

const COST: u32 = 8;
const SAME_COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "8");
/// More than there are threads, fewer than the queue holds.
const CLIENTS: usize = 16;

const BIMPLUS: (&str, &str) = (
    "POST /v2/authorize HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n",
    r#"{"user_id":"sample","password":"sample-demo"}"#,
);
const MEMSOURCE: (&str, &str) = (
    "POST /web/api/v3/auth/login HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 41\r\n\r\n",
    "userName=linguist&password=linguist-demo&",
);

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let threads = thread::available_parallelism()?.get();
    let gateway = start(program, Store::Embedded, &[SAME_COST])?;
    let question = |(head, body): (&str, &str)| {
        Questions::about(&[String::new()], &format!("{head}{body}"), "")
    };
    let (bimplus, memsource) = (question(BIMPLUS)?, question(MEMSOURCE)?);
    let hash = bcrypt::hash("sample-demo", COST)?;
    let login =
        |questions: &Questions| Ok(ask(gateway.public(), questions, CLIENTS, effort.each)?.rate);
    let contestants = [
        Contestant::new("bcrypt crate", || raw(&hash, threads, effort)),
        Contestant::new("BIMplus", || login(&bimplus)),
        Contestant::new("Memsource", || login(&memsource)),
    ];
    let all = run("login", effort.rounds, &contestants)?;
    for who in ["BIMplus", "Memsource"] {
        report.judge(beside(
            &all,
            &Target {
                what: format!("{who} logins beside the bcrypt crate on {threads} threads"),
                who,
                other: "bcrypt crate",
                least: 0.97,
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

/// Checks a second of the bcrypt crate.
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
