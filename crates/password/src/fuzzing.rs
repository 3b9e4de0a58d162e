//! Checks of hashes for the fuzz targets in `tests/fuzz`, which cannot access other internals.

use crate::formats::{Hash, HashError, Policy};

/// Returns whether a password matches a hash of any strength. `None` if the check would take more than
/// milliseconds.
pub fn fits(hash: &str, password: &str) -> Result<Option<bool>, HashError> {
    let policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };
    let hash = Hash::read(hash, policy)?;
    let takes = hash.is_cheap() && hash.takes(password);
    Ok(takes.then(|| hash.fits(password)))
}
