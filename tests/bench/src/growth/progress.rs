//! Progress of long steps, on standard error.

use std::time::{Duration, Instant};

use super::grouped;

const BETWEEN: Duration = Duration::from_secs(5);

/// Prints every few seconds how many items are done, how many per second, and the remaining time.
pub(super) struct Progress {
    what: String,
    all: usize,
    done: usize,
    begun: Instant,
    told: Instant,
}

impl Progress {
    pub(super) fn new(what: impl Into<String>, all: usize) -> Self {
        let now = Instant::now();
        Self {
            what: what.into(),
            all,
            done: 0,
            begun: now,
            told: now,
        }
    }

    pub(super) fn add(&mut self, more: usize) {
        self.done += more;
        if self.told.elapsed() >= BETWEEN || self.done >= self.all {
            self.told = Instant::now();
            eprintln!("{}", self.line(self.begun.elapsed()));
        }
    }

    fn line(&self, took: Duration) -> String {
        let micros = took.as_micros().max(1);
        let rate = self.done as u128 * 1_000_000 / micros;
        let left = self.all.saturating_sub(self.done) as u128 / rate.max(1);
        format!(
            "{}: {} of {}, {}/s, {left} s left",
            self.what,
            grouped(self.done),
            grouped(self.all),
            grouped(usize::try_from(rate).unwrap_or(usize::MAX))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_rate_so_far() {
        let mut progress = Progress::new("users", 1_000_000);
        progress.add(200_000);
        assert_eq!(
            progress.line(Duration::from_secs(10)),
            "users: 200,000 of 1,000,000, 20,000/s, 40 s left"
        );
    }
}
