//! The first morning after an import: logins whose hash of another system is checked and replaced, relative to later
//! logins of the same users.

mod formats;
mod sizing;
mod users;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use isogloss_testkit::{Gateway, Store};

use self::formats::{FORMATS, Format, PASSWORD};
use self::sizing::Sizing;
use crate::Effort;
use crate::dialects::{BIMPLUS, bimplus};
use crate::gateways::{Setting, start};
use crate::process::cpu;
use crate::report::Report;
use crate::rounds::{Series, figure, median};
use crate::targets::{Target, at_most, beside};
use crate::wire::Wire;

/// A common cost, and the default one.
const COSTS: [(u32, Setting); 2] = [
    (10, ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "10")),
    (HIGHEST, ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "12")),
];
const HIGHEST: u32 = 12;
/// Concurrent logins: more than there are threads, fewer than fit into the queue.
const CLIENTS: usize = 16;
/// Logins of a measurement at the highest cost, for each second of its length.
const LOGINS: u64 = 24;
/// What a first login must reach of a later one at the highest cost. At lower ones, the foreign hash counts for more.
const LEAST: f64 = 0.9;

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let mut sizing = Sizing::default();
    // A look at everything leaves out the slowest.
    let is_whole = effort.rounds > 1;
    let costs = COSTS
        .into_iter()
        .filter(|(cost, _)| is_whole || *cost < HIGHEST);
    for (cost, setting) in costs {
        let one_hash = one_hash(cost, effort)?;
        let bench = Bench::start(program, (cost, setting), effort)?;
        let mut all = Vec::new();
        let formats = FORMATS.iter().filter(|format| format.is_judged || is_whole);
        for format in formats {
            let logins = Logins::measure(&bench, format, effort.rounds)?;
            let [first, later] = logins.cpu.each_ref().map(|cpu| median(cpu.clone()));
            if format.is_judged {
                let what = format!(
                    "CPU of a first login, {}, cost {cost}, relative to one bcrypt hash alone",
                    format.name
                );
                report.judge(at_most(&what, "times", first / one_hash, 1.0));
            }
            report.line(&format!(
                "CPU of a login at cost {cost}, {}: the first {first:.1} ms, later {later:.1} ms; one bcrypt hash alone \
                 {one_hash:.1} ms.",
                format.name
            ));
            sizing.add(cost, format.name, first);
            all.push((format, logins.rates));
        }
        judge(cost, &all, report);
        // All rows are compared with the first, which should be one of later logins.
        let rows = all
            .into_iter()
            .flat_map(|(_, [first, later])| [later, first]);
        let rows: Vec<_> = rows.collect();
        let what = format!("first and later logins, bcrypt cost {cost}, {CLIENTS} clients");
        report.table(&what, "logins/s", &rows);
    }
    report.line(&sizing.table());
    Ok(())
}

fn judge(cost: u32, all: &[(&Format, [Series; 2])], report: &mut Report) {
    let is_default = cost == HIGHEST;
    for (_, rates) in all
        .iter()
        .filter(|(format, _)| format.is_judged && is_default)
    {
        let [first, later] = rates;
        report.judge(beside(
            rates,
            &Target {
                what: format!("{}, bcrypt cost {cost}, relative to later ones", first.name),
                who: &first.name,
                other: &later.name,
                least: LEAST,
                limit: None,
            },
        ));
    }
}

/// A gateway, and how many users log in at it in a round.
struct Bench {
    gateway: Gateway,
    cost: u32,
    many: usize,
    /// Number of the next user.
    next: AtomicUsize,
}

impl Bench {
    fn start(program: &Path, (cost, setting): (u32, Setting), effort: Effort) -> Result<Self> {
        let settings = [
            setting,
            ("ISOGLOSS__PASSWORDS__ALLOW_WEAK", "true"),
            // No login is refused, however slow the machine is.
            ("ISOGLOSS__PASSWORDS__QUEUE_TIMEOUT", "1m"),
        ];
        let many = (effort.each.as_secs().max(1) * LOGINS) << (HIGHEST - cost);
        Ok(Self {
            gateway: start(program, Store::Embedded, &settings)?,
            cost,
            many: usize::try_from(many)?,
            next: AtomicUsize::new(1),
        })
    }
}

/// First and later logins, round by round.
struct Logins {
    rates: [Series; 2],
    /// CPU time of the gateway for each login, in milliseconds.
    cpu: [Vec<f64>; 2],
}

impl Logins {
    /// Creates users for each round. All of them log in once, and then once more. Fails if a hash is not replaced.
    fn measure(bench: &Bench, format: &Format, rounds: usize) -> Result<Self> {
        let series = |which| Series {
            name: format!("{which} logins, {}", format.name),
            rounds: Vec::new(),
        };
        let mut all = Self {
            rates: [series("first"), series("later")],
            cpu: [Vec::new(), Vec::new()],
        };
        let file = bench.gateway.folder().join("directory.db");
        for _ in 0..rounds {
            let first = bench.next.fetch_add(bench.many, Ordering::Relaxed);
            let numbers = first..first + bench.many;
            users::create(&file, numbers.clone(), format.hash)?;
            for (series, cpu) in all.rates.iter_mut().zip(&mut all.cpu) {
                let (rate, took) = log_in(&bench.gateway, numbers.clone())?;
                eprintln!(
                    "bcrypt cost {}: {}: {} logins/s, {took:.1} ms of CPU each",
                    bench.cost,
                    series.name,
                    figure(rate)
                );
                series.rounds.push(rate);
                cpu.push(took);
                users::check_replaced(&file, numbers.clone())?;
            }
        }
        Ok(all)
    }
}

/// Logs each user in once, and returns the logins per second and the CPU time of the gateway for each, in
/// milliseconds.
#[expect(clippy::cast_precision_loss, reason = "they are few")]
fn log_in(gateway: &Gateway, users: std::ops::Range<usize>) -> Result<(f64, f64)> {
    let (many, end) = (users.len() as f64, users.end);
    let next = AtomicUsize::new(users.start);
    let (before, begun) = (cpu(gateway.id())?, Instant::now());
    thread::scope(|scope| {
        let next = &next;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(move || client(gateway.public(), next, end)))
            .collect();
        for client in clients {
            client.join().ok().context("a client panicked")??;
        }
        anyhow::Ok(())
    })?;
    let rate = many / begun.elapsed().as_secs_f64();
    let took = cpu(gateway.id())?.saturating_sub(before);
    Ok((rate, took.as_secs_f64() * 1000.0 / many))
}

fn client(server: SocketAddr, next: &AtomicUsize, end: usize) -> Result<()> {
    let mut wire = Wire::open(server)?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(());
        }
        let login = bimplus(&users::name(number), PASSWORD);
        BIMPLUS.token_in(&wire.ask(&login)?)?;
    }
}

/// Returns the CPU time of one hash by the bcrypt crate, in milliseconds.
fn one_hash(cost: u32, effort: Effort) -> Result<f64> {
    let this = std::process::id();
    let (before, begun, mut many) = (cpu(this)?, Instant::now(), 0.0);
    while begun.elapsed() < effort.each {
        bcrypt::hash(PASSWORD, cost)?;
        many += 1.0;
    }
    let took = cpu(this)?.saturating_sub(before);
    Ok(took.as_secs_f64() * 1000.0 / many)
}
