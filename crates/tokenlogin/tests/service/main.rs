//! The dialect with its own directory and token store: e-mails, lifetimes and failures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod lifetimes;
mod reset;
mod unavailable;
mod world;
