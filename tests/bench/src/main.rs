//! How fast Isogloss is, beside its peers and its limits: everything is started here, asked in turns, and
//! compared within one run. `make bench`, `make growth` and `make soak`.
//!
//! | module | measures |
//! | --- | --- |
//! | [`validation`] | checks of tokens, through each endpoint and store, beside a bare actix-web and nginx with Lua and Redis |
//! | [`login`] | logins, beside the bare bcrypt crate |
//! | [`storm`] | how long checks take while logins storm |
//! | [`revocation`] | how soon a log-out is known at another gateway |
//! | [`room`] | memory of the gateway and of Redis |
//! | [`growth`] | whether it stays as fast as users and tokens grow to millions |
//! | [`soak`] | whether memory, files and times stay flat under all kinds of requests |

mod arguments;
mod dialects;
mod gateways;
mod growth;
mod hello;
mod load;
mod login;
mod pace;
mod peer;
mod process;
mod report;
mod revocation;
mod room;
mod rounds;
mod soak;
mod storm;
mod targets;
mod times;
mod tokens;
mod validation;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::report::Report;

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    rounds: usize,
    each: Duration,
    /// Tokens that are asked about once each.
    cold: usize,
    /// Tokens that are kept near, for their room.
    hot: usize,
    revocations: usize,
    /// How long logins storm, and how long it is quiet before.
    storm: Duration,
}

const WHOLE: Effort = Effort {
    rounds: 5,
    each: Duration::from_secs(4),
    cold: 400_000,
    hot: 100_000,
    revocations: 1_000,
    storm: Duration::from_secs(15),
};
const SMOKE: Effort = Effort {
    rounds: 1,
    each: Duration::from_secs(1),
    cold: 100_000,
    hot: 10_000,
    revocations: 100,
    storm: Duration::from_secs(2),
};

fn main() -> ExitCode {
    let (outcome, may_miss) = match Arguments::parse().command {
        Command::Hello { workers } => {
            let served = hello::serve(workers).map(|()| true);
            (served.map_err(Into::into), false)
        }
        Command::Run {
            program,
            out,
            smoke,
        } => {
            let effort = if smoke { SMOKE } else { WHOLE };
            (finish(run(&program, effort, smoke), &out), smoke)
        }
        Command::Growth(arguments) => (finish(arguments.run(), &arguments.out), false),
        Command::Soak(arguments) => (finish(arguments.run(), &arguments.out), false),
    };
    match outcome {
        Ok(is_met) if is_met || may_miss => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// Writes the report. Whether every target is met.
fn finish(report: Result<Report>, folder: &Path) -> Result<bool> {
    report?.write(folder)
}

fn run(program: &Path, effort: Effort, smoke: bool) -> Result<Report> {
    let program = program.canonicalize()?;
    let mut report = Report::of(effort.rounds, effort.each);
    room::measure(&program, effort, &mut report)?;
    revocation::measure(&program, effort, &mut report)?;
    login::measure(&program, effort, &mut report)?;
    storm::measure(&program, effort, &mut report)?;
    validation::measure(&program, effort, &mut report)?;
    if smoke {
        growth::measure(&program, growth::SMOKE, &mut report)?;
        soak::measure(&program, soak::SMOKE, &mut report)?;
    } else {
        report.line("`make growth` measures up to millions of users and tokens, `make soak` for ten minutes.");
    }
    Ok(report)
}
