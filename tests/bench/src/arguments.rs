//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::growth::{self, Growth, Range};
use crate::parts::{self, Part};
use crate::report::Report;
use crate::soak::{self, Soak};

/// Measure how fast Isogloss is, compared with peers and upper limits
#[derive(Parser)]
#[command(after_help = "\
Examples:
  isogloss-bench run target/release/isogloss
  isogloss-bench run target/release/isogloss --smoke
  isogloss-bench run target/release/isogloss --part back-ends
  isogloss-bench growth target/release/isogloss
  isogloss-bench soak target/release/isogloss --minutes 10

Writes the report as report.md, report.json and report.svg. If a part fails, the report has the results of the others.
Exit codes: 0 all targets are met, 1 a target is missed, 2 something could not be measured.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run all benchmarks: memory, revocation, logins, first logins, storms, checks, back ends, settings, growth and a soak test
    Run {
        /// Path of the gateway program
        program: PathBuf,
        /// Folder for the report
        #[arg(long, default_value = "target/bench")]
        out: PathBuf,
        /// A little of everything, in about two minutes; a missed target is no error
        #[arg(long)]
        smoke: bool,
        /// Only this part: memory, revocation, logins, first-logins, storm, checks, back-ends, settings, growth or soak
        #[arg(long)]
        part: Option<String>,
    },
    /// Run only the growth test: does speed stay the same as users and tokens grow to millions?
    #[command(after_help = "\
Examples:
  isogloss-bench growth target/release/isogloss
  isogloss-bench growth target/release/isogloss --users 10,100000 --tokens 1000,500000 --rounds 3

Needs about 6 GB of memory and 6 GB of disk for five million tokens.")]
    Growth(GrowthArguments),
    /// Run only the soak test: do memory, open files and latency stay flat under all kinds of requests?
    #[command(after_help = "\
Examples:
  isogloss-bench soak target/release/isogloss
  isogloss-bench soak target/release/isogloss --minutes 60 --checks 500")]
    Soak(SoakArguments),
    /// Serve "hello" with plain actix-web, as a contestant of the run
    #[command(hide = true)]
    Hello { workers: usize },
}

#[derive(Args)]
pub(crate) struct GrowthArguments {
    /// Path of the gateway program
    program: PathBuf,
    /// Folder for the report
    #[arg(long, default_value = "target/bench/growth")]
    pub(crate) out: PathBuf,
    /// Small and large number of users
    #[arg(long, default_value = "10,1000000")]
    users: Range,
    /// Small and large number of tokens
    #[arg(long, default_value = "1000,5000000")]
    tokens: Range,
    /// Number of rounds, in which small and large alternate
    #[arg(long, default_value_t = growth::WHOLE.rounds)]
    rounds: usize,
    /// Seconds for each measurement
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
            ..growth::WHOLE
        };
        let program = self.program.canonicalize()?;
        let part = Part::new("growth", |report| growth::measure(&program, growth, report));
        Ok(parts::run(&[part], Report::of(growth.rounds, growth.each)))
    }
}

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// Path of the gateway program
    program: PathBuf,
    /// Folder for the report
    #[arg(long, default_value = "target/bench/soak")]
    pub(crate) out: PathBuf,
    /// Duration in minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Token checks per second; all other requests are in proportion
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
