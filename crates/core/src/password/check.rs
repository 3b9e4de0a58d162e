//! Does it fit? One price for all answers, or at least never less than that of nobody's.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::formats::Hash;
use super::lane::Lane;

/// A hash at the configured cost is made in that many pieces at the most, as a power of two, to fill up
/// what a cheaper one left.
const PIECES_LOG2: u32 = 6;

/// Bcrypt has no lower cost.
const LEAST_COST: u32 = 4;

/// What one hash of bcrypt tells, at that cost or above: that the password fits, or, of a hash that
/// cannot be checked or takes no such password, nothing.
pub(super) fn lane(password: &str, hash: Option<&Hash>, cost: u32) -> Option<Lane> {
    match hash.filter(|hash| hash.takes(password)) {
        None => Some(Lane::decoy(cost)),
        Some(hash) => hash.lane(password).filter(|lane| lane.cost() >= cost),
    }
}

/// Whether the password fits a hash that is no such one. Takes as long as a hash of bcrypt at that
/// cost, or longer if the hash at hand does.
pub(super) fn check(password: &str, hash: &Hash, cost: u32) -> bool {
    let begun = Instant::now();
    let fits = hash.fits(password);
    if hash.bcrypt_cost().is_none_or(|its| its < cost) {
        fill_up(begun.elapsed(), cost);
    }
    fits
}

/// Goes on hashing after `spent` until it amounts to a hash at that cost. What that takes is measured
/// while doing it: on a busy machine all is slow alike.
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
    use crate::password::formats::Policy;

    const WEAK_TOO: Policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };

    fn fits(password: &str, hash: Option<&Hash>, cost: u32) -> bool {
        match (lane(password, hash, cost), hash) {
            (Some(lane), _) => lane.fits(),
            (None, Some(hash)) => check(password, hash, cost),
            (None, None) => panic!("nobody's hash costs nothing"),
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
        // {MD5} of "a\0", which no login can mean.
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
