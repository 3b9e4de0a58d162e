//! What no conversation can show: hours that pass, the unit behind a token, a store that is away.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod outage;
mod releases;
mod units;
