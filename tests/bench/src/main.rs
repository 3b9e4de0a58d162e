//! How fast Isogloss is, beside its peers and its limits: everything is started here, asked in turns, and
//! compared within one run. `make bench`.
//!
//! | module | measures |
//! | --- | --- |
//! | [`validation`] | checks of tokens, through each endpoint and store, beside a bare actix-web and nginx with Lua and Redis |
//! | [`login`] | logins, beside the bare bcrypt crate |
//! | [`revocation`] | how soon a log-out is known at another gateway |
//! | [`room`] | memory of the gateway and of Redis |

mod gateways;
mod hello;
mod load;
mod login;
mod peer;
mod report;
mod revocation;
mod room;
mod rounds;
mod targets;
mod tokens;
mod validation;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::report::Report;

/// How fast Isogloss is, beside its peers and its limits
#[derive(Parser)]
#[command(after_help = "\
Examples:
  isogloss-bench run target/release/isogloss
  isogloss-bench run target/release/isogloss --smoke

The report is written to target/bench/report.md, report.json and report.svg.
Exit codes: 0 every target is met, 1 one is missed, 2 something could not be measured.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure
    Run {
        /// The built gateway
        program: PathBuf,
        /// Where the report goes
        #[arg(long, default_value = "target/bench")]
        out: PathBuf,
        /// Little of everything, in two minutes; misses no target
        #[arg(long)]
        smoke: bool,
    },
    /// Serve "hello", as bare as actix-web allows; a contestant of the run
    #[command(hide = true)]
    Hello { workers: usize },
}

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
}

const WHOLE: Effort = Effort {
    rounds: 5,
    each: Duration::from_secs(4),
    cold: 400_000,
    hot: 100_000,
    revocations: 1_000,
};
const SMOKE: Effort = Effort {
    rounds: 1,
    each: Duration::from_secs(1),
    cold: 100_000,
    hot: 10_000,
    revocations: 100,
};

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Hello { workers } => match hello::serve(workers) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => told(&error.into()),
        },
        Command::Run {
            program,
            out,
            smoke,
        } => {
            let effort = if smoke { SMOKE } else { WHOLE };
            match run(&program, effort).and_then(|report| report.write(&out)) {
                Ok(is_met) if is_met || smoke => ExitCode::SUCCESS,
                Ok(_) => ExitCode::from(1),
                Err(error) => told(&error),
            }
        }
    }
}

fn told(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    ExitCode::from(2)
}

fn run(program: &Path, effort: Effort) -> Result<Report> {
    let program = program.canonicalize()?;
    let mut report = Report::of(effort);
    room::measure(&program, effort, &mut report)?;
    revocation::measure(&program, effort, &mut report)?;
    login::measure(&program, effort, &mut report)?;
    validation::measure(&program, effort, &mut report)?;
    Ok(report)
}
