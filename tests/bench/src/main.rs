//! How fast Isogloss is, compared with peers and upper limits.
//!
//! The benchmarks start everything they need, alternate between the contestants, and compare within one run.
//! `make bench`, `make growth` and `make soak` run them.
//!
//! | module | measures |
//! | --- | --- |
//! | [`validation`] | token checks of each endpoint and store, against plain actix-web and nginx + Lua + Redis |
//! | [`login`] | logins, compared with the bare bcrypt crate |
//! | [`first_logins`] | first logins after an import, compared with later ones |
//! | [`storm`] | latency of checks during a storm of logins |
//! | [`hung_authority`] | logins and checks while other logins wait for an authority |
//! | [`relay`] | calls to a back end through the gateway, compared with nginx with `auth_request` |
//! | [`revocation`] | how soon a logout takes effect at another gateway |
//! | [`room`] | memory of the gateway and of Redis |
//! | [`settings`] | measurements with a feature and without it |
//! | [`growth`] | whether speed stays the same as users and tokens grow to millions |
//! | [`soak`] | whether memory, open files and latency stay flat under all kinds of requests |

mod arguments;
mod dialects;
mod first_logins;
mod gateways;
mod growth;
mod hello;
mod hung_authority;
mod load;
mod login;
mod pace;
mod parts;
mod peer;
mod process;
mod relay;
mod report;
mod revocation;
mod room;
mod rounds;
mod settings;
mod soak;
mod storm;
mod targets;
mod times;
mod tokens;
mod unseen;
mod validation;
mod wire;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::growth::Growth;
use crate::parts::Part;
use crate::report::{Outcome, PAGE, Report};
use crate::soak::Soak;

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    rounds: usize,
    each: Duration,
    /// Number of tokens that are checked once each.
    cold: usize,
    /// Number of tokens in the cache, to measure their memory.
    hot: usize,
    revocations: usize,
    /// Duration of a storm of logins, and of the quiet time before it.
    storm: Duration,
    growth: Growth,
    soak: Soak,
}

/// The whole run, in less than half an hour on two cores, including the build.
const WHOLE: Effort = Effort {
    rounds: 3,
    each: Duration::from_secs(2),
    cold: 200_000,
    hot: 100_000,
    revocations: 1_000,
    storm: Duration::from_secs(8),
    growth: Growth {
        rounds: 3,
        ..growth::WHOLE
    },
    soak: soak::WHOLE,
};
const SMOKE: Effort = Effort {
    rounds: 1,
    each: Duration::from_secs(1),
    cold: 100_000,
    hot: 10_000,
    revocations: 100,
    storm: Duration::from_secs(1),
    growth: growth::SMOKE,
    soak: soak::SMOKE,
};

fn main() -> ExitCode {
    let (outcome, may_miss) = match Arguments::parse().command {
        Command::Hello { workers } => {
            let served = hello::serve(workers).map(|()| Outcome::Met);
            (served.map_err(Into::into), false)
        }
        Command::Run {
            program,
            out,
            smoke,
            part,
        } => {
            let effort = if smoke { SMOKE } else { WHOLE };
            let report = run(&program, effort, part.as_deref());
            (finish(report, &out), smoke)
        }
        Command::Growth(arguments) => (finish(arguments.run(), &arguments.out), false),
        Command::Soak(arguments) => (finish(arguments.run(), &arguments.out), false),
    };
    match outcome {
        Ok(Outcome::Met) => ExitCode::SUCCESS,
        Ok(Outcome::Missed) if may_miss => ExitCode::SUCCESS,
        Ok(Outcome::Missed) => ExitCode::from(1),
        Ok(Outcome::Failed) => ExitCode::from(2),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// Writes the report and prints its page.
fn finish(report: Result<Report>, folder: &Path) -> Result<Outcome> {
    let outcome = report?.write(folder)?;
    let page = fs::read_to_string(folder.join(PAGE))?;
    writeln!(std::io::stdout(), "{page}")?;
    Ok(outcome)
}

/// Runs all parts, the quick ones first, or only the part named `only`. Fails if there is no such part.
fn run(program: &Path, effort: Effort, only: Option<&str>) -> Result<Report> {
    let program = &program.canonicalize()?;
    let part = |name, measure: fn(&Path, Effort, &mut Report) -> Result<()>| {
        Part::new(name, move |report| measure(program, effort, report))
    };
    let parts = vec![
        part("memory", room::measure),
        part("revocation", revocation::measure),
        part("logins", login::measure),
        part("first-logins", first_logins::measure),
        part("storm", storm::measure),
        part("hung-authority", hung_authority::measure),
        part("checks", validation::measure),
        part("back-ends", relay::measure),
        part("settings", settings::measure),
        part("growth", |program, effort, report| {
            growth::measure(program, effort.growth, report)
        }),
        part("soak", |program, effort, report| {
            soak::measure(program, effort.soak, report)
        }),
    ];
    let parts = parts::chosen(parts, only)?;
    Ok(parts::run(&parts, Report::of(effort.rounds, effort.each)))
}
