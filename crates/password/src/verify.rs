//! Checks of passwords, none of which takes less time than a hash at the configured cost.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::bcrypt_lane::Lane;
use crate::formats::Hash;

/// The maximum number of pieces, as a power of two, in which a hash at the configured cost is computed to fill
/// up the time that a cheaper hash left.
const PIECES_LOG2: u32 = 6;

/// The lowest cost of bcrypt.
const LEAST_COST: u32 = 4;

/// Returns the bcrypt computation that decides, at that cost or above, whether the password matches. For a hash
/// that cannot be checked or takes no such password, that is a decoy, which never matches. `None` if bcrypt at
/// that cost does not decide.
pub(super) fn lane(password: &str, hash: Option<&Hash>, cost: u32) -> Option<Lane> {
    match hash.filter(|hash| hash.takes(password)) {
        None => Some(Lane::decoy(cost)),
        Some(hash) => hash.lane(password).filter(|lane| lane.cost() >= cost),
    }
}

/// Returns whether the password matches a hash for which `lane` returns `None`. Takes as long as a bcrypt hash
/// at that cost, or longer if the hash itself does.
pub(super) fn check(password: &str, hash: &Hash, cost: u32) -> bool {
    let begun = Instant::now();
    let fits = hash.fits(password);
    if hash.bcrypt_cost().is_none_or(|its| its < cost) {
        fill_up(begun.elapsed(), cost);
    }
    fits
}

/// Continues to hash after `spent` until the time equals that of a hash at that cost. The time of a hash is
/// measured during that, since a busy machine slows everything down equally.
fn fill_up(spent: Duration, cost: u32) {
    let small = cost.saturating_sub(PIECES_LOG2).max(LEAST_COST);
    let pieces = 1 << (cost - small);
    let begun = Instant::now();
    for done in 1..=pieces {
        black_box(Lane::decoy(small).fits());
        let each = begun.elapsed() / done;
        if spent + begun.elapsed() >= each * pieces {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Policy;

    const WEAK_TOO: Policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };

    fn fits(password: &str, hash: Option<&Hash>, cost: u32) -> bool {
        match (lane(password, hash, cost), hash) {
            (Some(lane), _) => lane.fits(),
            (None, Some(hash)) => check(password, hash, cost),
            (None, None) => panic!("without a hash, there is a decoy"),
        }
    }

    fn read(hash: &str) -> Hash {
        Hash::read(hash, WEAK_TOO).ok().unwrap()
    }

    #[test]
    fn only_what_fits_whole_fits() {
        let hash = read(&bcrypt::hash("x".repeat(72), 4).unwrap());
        assert!(fits(&"x".repeat(72), Some(&hash), 4));
        assert!(!fits(&"x".repeat(73), Some(&hash), 4));
        assert!(!fits("", None, 4));
        // {MD5} of "a\0", which no login can contain.
        let nul = read("{MD5}QUThlfRt54o2I9pzZNBPEQ==");
        assert!(!fits("a\0", Some(&nul), 4));
    }

    #[test]
    fn what_is_cheap_fits_for_the_price_of_bcrypt() {
        // {MD5} of "helloworld".
        let hash = read("{MD5}/F4DjTilcDIIVEHn/nAQsA==");
        for cost in [4, 5, 11] {
            assert!(fits("helloworld", Some(&hash), cost));
            assert!(!fits("hello world", Some(&hash), cost));
        }
    }
}
