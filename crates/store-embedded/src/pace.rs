//! How fast a sweep may go: whoever wants to write waits for a step of it at the most.

use std::time::Duration;

/// A step is to take so long, its way to the disk included.
const STEP: Duration = Duration::from_millis(2);
/// How many records a first step removes, and how many any may.
const FIRST: usize = 8;
const MOST: usize = 64;

/// The size of the next step, found by trying: one more record as long as that is quick enough, half
/// as many when it was not.
pub(super) struct Pace(usize);

impl Default for Pace {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pace {
    /// How many records the next step removes at the most.
    pub(super) fn records(&self) -> usize {
        self.0
    }

    /// How long to pause after a step that took so long: twice that, for the disk and the writing
    /// thread are there for those who wait for an answer.
    pub(super) fn after(&mut self, took: Duration) -> Duration {
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
        let mut pace = Pace::default();
        let (quick, slow) = (STEP / 2, STEP * 3);
        assert_eq!(pace.records(), FIRST);
        assert_eq!(pace.after(quick), STEP);
        assert_eq!(pace.records(), FIRST + 1);
        assert_eq!(pace.after(slow), STEP * 6);
        assert_eq!(pace.records(), FIRST.div_ceil(2));
        for _ in 0..10 {
            pace.after(slow);
        }
        assert_eq!(pace.records(), 1);
        for _ in 0..100 {
            pace.after(quick);
        }
        assert_eq!(pace.records(), MOST);
    }
}
