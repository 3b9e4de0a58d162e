//! The gateway, built freshly for the tests that run it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    isogloss_gateway::cli::main()
}
