//! Random numbers from a seed, so that a failing run can be repeated.

use std::hash::{BuildHasher, RandomState};

/// Splitmix64.
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed from `ISOGLOSS_FUZZ_SEED`, or a new one.
    pub(crate) fn seed() -> u64 {
        let given = std::env::var_os("ISOGLOSS_FUZZ_SEED");
        given.map_or_else(
            || RandomState::new().hash_one(0) >> 16,
            |seed| seed.to_str().unwrap().parse().unwrap(),
        )
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
