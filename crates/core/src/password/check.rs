//! Does it fit? One price for all answers, or at least never less than that of nobody's.

use std::time::{Duration, Instant};

use super::formats::{Hash, decoy};

/// A hash at the configured cost is made in that many pieces at the most, as a power of two, to fill up
/// what a cheaper one left.
const PIECES_LOG2: u32 = 6;

/// Bcrypt has no lower cost.
const LEAST_COST: u32 = 4;

/// Whether the password fits. Takes as long as a hash of bcrypt at that cost, or longer if the hash
/// at hand does.
pub(super) fn check(password: &str, hash: Option<&Hash>, cost: u32) -> bool {
    let Some(hash) = hash.filter(|hash| hash.takes(password)) else {
        decoy(cost);
        return false;
    };
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
        decoy(small);
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

    fn read(hash: &str) -> Hash {
        Hash::read(hash, WEAK_TOO).ok().unwrap()
    }

    #[test]
    fn only_what_fits_whole_fits() {
        let hash = read(&bcrypt::hash("x".repeat(72), 4).unwrap());
        assert!(check(&"x".repeat(72), Some(&hash), 4));
        assert!(!check(&"x".repeat(73), Some(&hash), 4));
        assert!(!check("", None, 4));
        // {MD5} of "a\0", which no login can mean.
        let nul = read("{MD5}QUThlfRt54o2I9pzZNBPEQ==");
        assert!(!check("a\0", Some(&nul), 4));
    }

    #[test]
    fn what_is_cheap_fits_for_the_price_of_bcrypt() {
        // {MD5} of "helloworld".
        let hash = read("{MD5}/F4DjTilcDIIVEHn/nAQsA==");
        for cost in [4, 5, 11] {
            assert!(check("helloworld", Some(&hash), cost));
            assert!(!check("hello world", Some(&hash), cost));
        }
    }
}
