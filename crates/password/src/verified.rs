//! The result of a check that also replaces the hash.

use std::fmt;

use secrecy::SecretString;

/// Whether a password matches, and the hash that should replace the stored one.
pub struct Verified {
    /// Whether the password matches the stored hash.
    pub matches: bool,
    /// A hash of the same password in the current format and at the current cost. `None` if the password does not
    /// match or if the stored hash stays.
    pub replacement: Option<SecretString>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verified(…)")
    }
}
