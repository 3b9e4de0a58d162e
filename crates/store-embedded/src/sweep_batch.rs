//! The pace of a sweep: a write waits for at most one step of it.

use std::time::Duration;

/// The target duration of a step, including its commit to the disk.
const STEP: Duration = Duration::from_millis(2);
/// Number of records of the first step, and the maximum for any step.
const FIRST: usize = 8;
const MOST: usize = 64;

/// The number of records of the next step, found by trial: one more after a step that was quick enough, half as
/// many after one that was not.
pub(super) struct SweepBatch(usize);

impl Default for SweepBatch {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl SweepBatch {
    /// Returns the maximum number of records that the next step examines.
    pub(super) fn size(&self) -> usize {
        self.0
    }

    /// Adapts the size to a step that took `took`: fewer records after a slow step, and more otherwise. Returns how
    /// long to pause before the next step, twice `took`, so that the disk and the writing thread can serve waiting
    /// callers.
    pub(super) fn pause_after(&mut self, took: Duration) -> Duration {
        self.0 = if took > STEP {
            (self.0 / 2).max(1)
        } else {
            (self.0 + 1).min(MOST)
        };
        took * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_steps_shrink_and_quick_ones_grow() {
        let mut batch = SweepBatch::default();
        let (quick, slow) = (STEP / 2, STEP * 3);
        assert_eq!(batch.size(), FIRST);
        assert_eq!(batch.pause_after(quick), STEP);
        assert_eq!(batch.size(), FIRST + 1);
        assert_eq!(batch.pause_after(slow), STEP * 6);
        assert_eq!(batch.size(), FIRST.div_ceil(2));
        for _ in 0..10 {
            batch.pause_after(slow);
        }
        assert_eq!(batch.size(), 1);
        for _ in 0..100 {
            batch.pause_after(quick);
        }
        assert_eq!(batch.size(), MOST);
    }
}
