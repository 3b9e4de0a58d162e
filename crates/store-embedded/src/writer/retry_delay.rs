//! How long writing pauses after an error of the disk.

use std::time::Duration;

/// The first pause, and the pause after an attempt that cost little.
pub(super) const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Pauses that double while the disk keeps failing. They start from the first one again after a successful
/// commit.
#[derive(Debug)]
pub(super) struct RetryDelays(Duration);

impl Default for RetryDelays {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl RetryDelays {
    /// Returns the next delay, and doubles the one after that, up to a minute.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let mut delays = RetryDelays::default();
        let seconds: Vec<_> = (0..9).map(|_| delays.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
