//! What recorded exchanges cannot show: passing hours, the unit of a token, and an unreachable store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod outage;
mod releases;
mod units;
