//! Hashes that other programs made, with their sources and their passwords.

mod compositions;
mod cost_limits;
mod derivations;
mod hostile;

use super::*;

const STRICT: Policy = Policy {
    bcrypt_cost: 4,
    allow_weak: false,
};
const WEAK_TOO: Policy = Policy {
    allow_weak: true,
    ..STRICT
};

/// Passlib's tests call this one `UPASS_TABLE`.
const TABLE: &str = "tá\u{411}\u{2113}\u{259}";

fn fits(hash: &str, password: &str) -> bool {
    let hash = Hash::read(hash, WEAK_TOO).map_err(|error| format!("{hash}: {error}"));
    let hash = hash.unwrap();
    hash.takes(password) && hash.fits(password)
}

/// Checks that each hash matches its password and no other.
fn are_of(vectors: &[(&str, &str)]) {
    for (password, hash) in vectors {
        assert!(fits(hash, password), "{hash}");
        assert!(!fits(hash, &format!("{password}x")), "{hash}");
        assert!(!fits(hash, &format!("X{password}")), "{hash}");
    }
}

fn refusal(hash: &str, policy: Policy) -> Option<HashError> {
    Hash::read(hash, policy).err()
}
