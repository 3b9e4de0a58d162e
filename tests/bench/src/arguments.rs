//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::growth::{self, Growth, Range};
use crate::parts::{self, Part};
use crate::report::Report;
use crate::soak::{self, Soak};

/// How fast Isogloss is, beside its peers and its limits
#[derive(Parser)]
#[command(after_help = "\
Examples:
  isogloss-bench run target/release/isogloss
  isogloss-bench run target/release/isogloss --smoke
  isogloss-bench growth target/release/isogloss
  isogloss-bench soak target/release/isogloss --minutes 10

A report is written as report.md, report.json and report.svg, with what there is if a part fails.
Exit codes: 0 every target is met, 1 one is missed, 2 something could not be measured.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measure it all: memory, revocations, logins, storms, checks, growth and a soak
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
    /// Measure that part alone: whether it stays as fast as users and tokens grow to millions
    #[command(after_help = "\
Examples:
  isogloss-bench growth target/release/isogloss
  isogloss-bench growth target/release/isogloss --users 10,100000 --tokens 1000,500000 --rounds 3

Needs some 6 GB of memory and 6 GB of disk for five million tokens.")]
    Growth(GrowthArguments),
    /// Measure that part alone: whether memory, open files and times stay flat under all kinds of requests
    #[command(after_help = "\
Examples:
  isogloss-bench soak target/release/isogloss
  isogloss-bench soak target/release/isogloss --minutes 60 --checks 500")]
    Soak(SoakArguments),
    /// Serve "hello", as bare as actix-web allows; a contestant of the run
    #[command(hide = true)]
    Hello { workers: usize },
}

#[derive(Args)]
pub(crate) struct GrowthArguments {
    /// The built gateway
    program: PathBuf,
    /// Where the report goes
    #[arg(long, default_value = "target/bench/growth")]
    pub(crate) out: PathBuf,
    /// Few users and many
    #[arg(long, default_value = "10,1000000")]
    users: Range,
    /// Few tokens and many
    #[arg(long, default_value = "1000,5000000")]
    tokens: Range,
    /// Rounds in which few and many take turns
    #[arg(long, default_value_t = growth::WHOLE.rounds)]
    rounds: usize,
    /// Seconds of each turn
    #[arg(long, default_value_t = growth::WHOLE.each.as_secs())]
    seconds: u64,
}

impl GrowthArguments {
    pub(crate) fn run(&self) -> Result<Report> {
        let growth = Growth {
            users: self.users,
            tokens: self.tokens,
            at_start: growth::WHOLE.at_start.min(self.tokens.many),
            rounds: self.rounds.max(1),
            each: Duration::from_secs(self.seconds.max(1)),
        };
        let program = self.program.canonicalize()?;
        let part = Part::new("growth", |report| growth::measure(&program, growth, report));
        Ok(parts::run(&[part], Report::of(growth.rounds, growth.each)))
    }
}

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// The built gateway
    program: PathBuf,
    /// Where the report goes
    #[arg(long, default_value = "target/bench/soak")]
    pub(crate) out: PathBuf,
    /// For how long
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Checks of tokens a second; all else is in proportion
    #[arg(long, default_value_t = soak::WHOLE.checks)]
    checks: u32,
}

impl SoakArguments {
    pub(crate) fn run(&self) -> Result<Report> {
        let soak = Soak {
            during: Duration::from_mins(self.minutes.max(1)),
            checks: self.checks.max(100),
        };
        let program = self.program.canonicalize()?;
        let part = Part::new("soak", |report| soak::measure(&program, soak, report));
        Ok(parts::run(&[part], Report::of(1, soak.during)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
