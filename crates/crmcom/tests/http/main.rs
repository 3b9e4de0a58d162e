//! The dialect under every setting. What it does under the default ones stands in the exchanges.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod organisation;
mod releases;
mod statuses;
mod units;
