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
const WEAK_ALLOWED: Policy = Policy {
    allow_weak: true,
    ..STRICT
};

/// Passlib's tests call this one `UPASS_TABLE`.
const TABLE: &str = "tá\u{411}\u{2113}\u{259}";

fn verifies(hash: &str, password: &str) -> bool {
    let hash = Hash::parse(hash, WEAK_ALLOWED).map_err(|error| format!("{hash}: {error}"));
    let hash = hash.unwrap();
    hash.accepts(password) && hash.verify(password)
}

/// Asserts that each hash matches its password, and no longer one.
fn match_their_passwords(vectors: &[(&str, &str)]) {
    for (password, hash) in vectors {
        assert!(verifies(hash, password), "{hash}");
        assert!(!verifies(hash, &format!("{password}x")), "{hash}");
        assert!(!verifies(hash, &format!("X{password}")), "{hash}");
    }
}

fn refusal(hash: &str, policy: Policy) -> Option<HashError> {
    Hash::parse(hash, policy).err()
}
