//! The dialect with its own directory and token store: e-mails, lifetimes and failures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod lifetimes;
mod requests;
mod reset;
mod unavailable;
