//! `isogloss config check` and `show`: what is wrong is told in one line, and no secret in any.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod extremes;
mod ipv6;
mod layers;
mod paths;
mod place;
mod precedence;
mod reference;
mod refusals;
mod secret_files;
mod secrets;
mod variables;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");
