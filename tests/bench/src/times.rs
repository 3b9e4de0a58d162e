//! Latencies of many operations.

use std::time::Duration;

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;

/// Histogram from one microsecond to one minute, with a precision of one in a thousand.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Result<Self> {
        let histogram = Histogram::new_with_max(60_000_000, 3);
        Ok(Self(histogram.map_err(|error| anyhow!("{error}"))?))
    }

    /// Adds a latency. More than a minute counts as a minute.
    pub(crate) fn add(&mut self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(took);
    }

    pub(crate) fn many(&self) -> u64 {
        self.0.len()
    }

    /// Returns a percentile in milliseconds.
    pub(crate) fn at(&self, percent: f64) -> f64 {
        let micros = self.0.value_at_percentile(percent);
        Duration::from_micros(micros).as_secs_f64() * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_added() {
        let mut times = Times::new().unwrap();
        for milliseconds in 1..=100 {
            times.add(Duration::from_millis(milliseconds));
        }
        assert_eq!(times.many(), 100);
        let near = |at: f64, expected: f64| (at - expected).abs() < expected / 500.0;
        assert!(near(times.at(50.0), 50.0), "{}", times.at(50.0));
        assert!(near(times.at(99.0), 99.0), "{}", times.at(99.0));
    }
}
