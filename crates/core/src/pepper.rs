//! The pepper, which is the secret that keys all digests, and the previous one.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::token_digest::TokenDigest;

/// The secret that keys all digests. Without it, a dump of the token store gives access to nothing. Held as the
/// initial state of the keyed hash, from which each digest continues; that state is wiped on drop.
#[derive(Clone)]
pub struct Pepper(Hmac<Sha256>);

impl Pepper {
    /// The minimum length of a pepper in bytes.
    pub const MIN_BYTES: usize = 16;

    /// Creates a pepper from at least [`Pepper::MIN_BYTES`] bytes. Returns `None` if there are fewer.
    pub fn new(secret: impl AsRef<[u8]>) -> Option<Self> {
        let secret = secret.as_ref();
        if secret.len() < Self::MIN_BYTES {
            return None;
        }
        // HMAC takes a key of any length.
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    /// Returns the first 128 bits of HMAC-SHA-256 over `parts`, as many bits as a token has.
    pub(crate) fn digest_of(&self, parts: &[&[u8]]) -> TokenDigest {
        let mut half = [0; 16];
        half.copy_from_slice(&self.keyed(parts)[..16]);
        half.into()
    }

    /// Returns HMAC-SHA-256 over `parts`, each preceded by its length, so that no two lists collide.
    pub(crate) fn keyed(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns a keyed fingerprint of `bytes`, which shows whether they changed.
    pub fn fingerprint(&self, bytes: &[u8]) -> [u8; 32] {
        self.keyed(&[b"fingerprint", bytes])
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// The pepper in use, and the one before it, whose tokens stay valid until they expire.
#[derive(Debug, Clone)]
pub struct Peppers {
    /// The pepper for everything that is issued now.
    pub current: Pepper,
    /// The pepper of everything that was issued before a rotation.
    pub previous: Option<Pepper>,
}

impl Peppers {
    /// Returns the peppers, the one in use first.
    pub fn each(&self) -> impl Iterator<Item = &Pepper> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl From<Pepper> for Peppers {
    fn from(current: Pepper) -> Self {
        Self {
            current,
            previous: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(text: &str) -> Pepper {
        Pepper::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_short_pepper_is_refused() {
        assert!(Pepper::new(b"0123456789abcde".as_slice()).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", pepper("0123456789abcdef")), "Pepper(…)");
    }
}
