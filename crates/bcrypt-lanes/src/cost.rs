//! How much work a hash is.

/// Bcrypt's cost, 4 to 31: each step doubles the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u32);

impl Cost {
    /// Nothing, outside of bcrypt's range.
    pub fn new(log2: u32) -> Option<Self> {
        (4..=31).contains(&log2).then_some(Self(log2))
    }

    /// As it stands in a hash.
    pub fn log2(self) -> u32 {
        self.0
    }

    /// How often key and salt are gone through.
    pub(crate) fn turns(self) -> u32 {
        1 << self.0
    }
}
