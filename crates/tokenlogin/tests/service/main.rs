//! The dialect with a directory and a store of its own: what takes mail, time or trouble to show.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod lifetimes;
mod requests;
mod reset;
mod unavailable;
