//! Checks of passwords, none of which takes less time than a hash at the configured cost.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::bcrypt_lane::BcryptLane;
use crate::formats::Hash;

/// The maximum number of pieces, as a power of two, in which a hash at the configured cost is computed to fill
/// up the time that a cheaper hash left.
const PIECES_LOG2: u32 = 6;

/// The lowest cost of bcrypt.
const LEAST_COST: u32 = 4;

/// Returns the bcrypt computation whose result says whether the password matches, if its cost is `cost` or more.
/// If there is no hash that accepts the password, the computation is a decoy, which never matches. Returns `None`
/// for hashes that need another check, or a padded one.
pub(super) fn bcrypt_lane(password: &str, hash: Option<&Hash>, cost: u32) -> Option<BcryptLane> {
    match hash.filter(|hash| hash.accepts(password)) {
        None => Some(BcryptLane::decoy(cost)),
        Some(hash) => hash
            .bcrypt_lane(password)
            .filter(|lane| lane.cost() >= cost),
    }
}

/// Returns whether the password matches a hash, which must accept it. Takes as long as a bcrypt hash at that
/// cost, or longer if the check itself does. For hashes for which [`bcrypt_lane`] returns `None`.
pub(super) fn check_padded(password: &str, hash: &Hash, cost: u32) -> bool {
    let begun = Instant::now();
    let matches = hash.verify(password);
    if hash.bcrypt_cost().is_none_or(|its| its < cost) {
        pad(begun.elapsed(), cost);
    }
    matches
}

/// Hashes decoys until `spent` and the time for the decoys together equal the time of a bcrypt hash at that cost.
/// The time of such a hash is extrapolated from the decoys, so a busy machine slows both down equally.
fn pad(spent: Duration, cost: u32) {
    let small = cost.saturating_sub(PIECES_LOG2).max(LEAST_COST);
    let pieces = 1 << (cost - small);
    let begun = Instant::now();
    for done in 1..=pieces {
        black_box(BcryptLane::decoy(small).verify());
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

    const WEAK_ALLOWED: Policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };

    fn is_match(password: &str, hash: Option<&Hash>, cost: u32) -> bool {
        match (bcrypt_lane(password, hash, cost), hash) {
            (Some(lane), _) => lane.verify(),
            (None, Some(hash)) => check_padded(password, hash, cost),
            (None, None) => panic!("without a hash, there is a decoy"),
        }
    }

    fn read(hash: &str) -> Hash {
        Hash::parse(hash, WEAK_ALLOWED).ok().unwrap()
    }

    #[test]
    fn only_whole_passwords_match() {
        let hash = read(&bcrypt::hash("x".repeat(72), 4).unwrap());
        assert!(is_match(&"x".repeat(72), Some(&hash), 4));
        assert!(!is_match(&"x".repeat(73), Some(&hash), 4));
        assert!(!is_match("", None, 4));
        // {MD5} of "a\0", which no login can contain.
        let nul = read("{MD5}QUThlfRt54o2I9pzZNBPEQ==");
        assert!(!is_match("a\0", Some(&nul), 4));
    }

    #[test]
    fn a_cheap_hash_is_checked_at_the_cost_of_bcrypt() {
        // {MD5} of "helloworld".
        let hash = read("{MD5}/F4DjTilcDIIVEHn/nAQsA==");
        for cost in [4, 5, 11] {
            assert!(is_match("helloworld", Some(&hash), cost));
            assert!(!is_match("hello world", Some(&hash), cost));
        }
    }
}
