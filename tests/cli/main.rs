//! The commands on users and the directory, alone and beside a running gateway.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod absent;
mod app_passwords;
mod audit;
mod colours;
mod conformance_command;
mod directory;
mod edited;
mod erased;
mod hostile;
mod keys;
mod named;
mod organisations;
mod pipes;
mod running;
mod second_factor;
mod sessions;
mod shell;
mod throttle;
mod usage;
mod users;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");
