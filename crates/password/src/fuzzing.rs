//! Checks of hashes for the fuzz targets in `tests/fuzz`, which cannot access other internals.

use crate::formats::{Hash, HashError, Policy};

/// Returns whether a password matches a hash, which may be weak. Returns `None` if the check would take more than
/// milliseconds or the format does not accept the password, and an error if the text is no hash within the limits.
pub fn verify(hash: &str, password: &str) -> Result<Option<bool>, HashError> {
    let policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };
    let hash = Hash::parse(hash, policy)?;
    let accepts = hash.is_cheap() && hash.accepts(password);
    Ok(accepts.then(|| hash.verify(password)))
}
