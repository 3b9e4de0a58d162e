//! Soak test: all kinds of requests at a steady rate, for long.
//!
//! Judges whether memory, open files and latency stay flat, and whether every response is right.

mod flat;
mod mix;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use isogloss_testkit::{Redis, Store};

use self::flat::{Allowance, judge};
use self::mix::Mix;
use crate::dialects::{BIMPLUS, check};
use crate::gateways::{Setting, start};
use crate::pace::{Answered, Pace, steadily};
use crate::process::{open_files, resident};
use crate::report::{Chart, Report};
use crate::targets::at_most;
use crate::times::Times;

const COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "8");
const CONNECTIONS: u32 = 8;
const SAMPLE: Duration = Duration::from_secs(1);
/// Checks for each login, each wrong password, and so on.
const CHECKS_FOR_ONE: u32 = 50;

/// Duration, and checks per second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Soak {
    pub(crate) during: Duration,
    pub(crate) checks: u32,
}

/// The duration of the target, at a rate that does not saturate two cores.
pub(crate) const WHOLE: Soak = Soak {
    during: Duration::from_mins(10),
    checks: 1_000,
};
pub(crate) const SMOKE: Soak = Soak {
    during: Duration::from_secs(5),
    checks: 500,
};

/// Samples, one value per second.
#[derive(Debug, Default)]
struct Samples {
    memory: Vec<f64>,
    files: Vec<f64>,
    half: Vec<f64>,
    most: Vec<f64>,
}

pub(crate) fn measure(program: &Path, soak: Soak, report: &mut Report) -> Result<()> {
    let redis = Redis::start()?;
    let gateway = start(program, Store::Redis(redis.url()), &[COST])?;
    let token = BIMPLUS.token(gateway.public())?;
    let (mix, stop) = (Mix::new(gateway.public()), AtomicBool::new(false));
    let seconds = Seconds::of(soak.during)?;
    let pace = Pace {
        rate: soak.checks,
        connections: CONNECTIONS,
        during: soak.during,
    };
    let each_second = (soak.checks / CHECKS_FOR_ONE).max(1);
    let samples = thread::scope(|scope| {
        let sampling = scope.spawn(|| sample(gateway.id(), soak.during, &stop));
        let mixing = scope.spawn(|| mix.run(each_second, soak.during));
        let checked = steadily(gateway.public(), &check(&token), pace, &|answered| {
            seconds.add(answered);
        });
        let mixed = mixing.join().ok().context("the mix panicked");
        stop.store(true, Ordering::Relaxed);
        let sampled = sampling.join().ok().context("the sampling panicked");
        checked?;
        mixed??;
        sampled?
    })?;
    let (seen, wrong) = seconds.read(samples);
    let failures: Vec<_> = wrong.into_iter().chain(mix.failures()).collect();
    for failure in failures.iter().take(10) {
        report.line(&format!("Wrong: {failure}."));
    }
    report.line(&format!(
        "Soak of {:?}: {} checks a second, and {}.",
        soak.during,
        soak.checks,
        mix.told()
    ));
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let failed = failures.len() as f64;
    report.judge(at_most("wrong responses", "responses", failed, 0.0));
    for (what, values, allowance) in [
        ("memory", &seen.memory, Allowance::new("MB", 0.10, 1.0)),
        (
            "open files",
            &seen.files,
            Allowance::new("files", 0.10, 4.0),
        ),
        (
            "median of checks",
            &seen.half,
            Allowance::new("ms", 0.25, 0.5),
        ),
        (
            "99th percentile of checks",
            &seen.most,
            Allowance::new("ms", 0.50, 2.0),
        ),
    ] {
        report.judge(judge(what, values, allowance));
        let title = format!("{what} {}, each second", allowance.unit);
        report.chart(Chart::new(title, values));
    }
    Ok(())
}

/// Samples memory and open files once per second.
fn sample(process: u32, during: Duration, stop: &AtomicBool) -> Result<Samples> {
    let mut samples = Samples::default();
    let begin = Instant::now();
    for second in 1.. {
        let due = begin + SAMPLE * second;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) || begin.elapsed() > during {
            break;
        }
        samples.memory.push(resident(process)?);
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        samples.files.push(open_files(process)? as f64);
        if second % 30 == 0 {
            eprintln!(
                "soak: {second} s of {} s, {:.1} MB",
                during.as_secs(),
                samples.memory.last().copied().unwrap_or_default()
            );
        }
    }
    Ok(samples)
}

/// Latencies of checks, grouped by the second in which they were due.
struct Seconds {
    times: Vec<Mutex<Times>>,
    wrong: Mutex<Vec<String>>,
}

impl Seconds {
    fn of(during: Duration) -> Result<Self> {
        let empty = Times::new()?;
        let times = (0..during.as_secs()).map(|_| Mutex::new(empty.clone()));
        Ok(Self {
            times: times.collect(),
            wrong: Mutex::default(),
        })
    }

    fn add(&self, answered: Answered) {
        let second = usize::try_from(answered.due.as_secs()).unwrap_or(usize::MAX);
        if let Some(times) = self.times.get(second) {
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.add(answered.took);
        }
        if answered.status != 200 {
            let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            wrong.push(format!("the response to a check is {}", answered.status));
        }
    }

    /// Returns the samples with the latencies added, and the wrong responses.
    fn read(self, mut samples: Samples) -> (Samples, Vec<String>) {
        for times in self.times {
            let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
            samples.half.push(times.at(50.0));
            samples.most.push(times.at(99.0));
        }
        let wrong = self
            .wrong
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (samples, wrong)
    }
}
