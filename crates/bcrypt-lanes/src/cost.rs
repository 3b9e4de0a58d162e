//! How much work a hash is.

/// Bcrypt's cost, 4 to 31: each step doubles the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u32);

impl Cost {
    /// Returns a cost. `None` if `log2` is outside of bcrypt's range, 4 to 31.
    pub fn new(log2: u32) -> Option<Self> {
        (4..=31).contains(&log2).then_some(Self(log2))
    }

    /// Returns the cost as a hash contains it: the binary logarithm of the number of rounds.
    pub fn log2(self) -> u32 {
        self.0
    }

    /// Returns how many rounds of key and salt the cost requires.
    pub(crate) fn turns(self) -> u32 {
        1 << self.0
    }
}
