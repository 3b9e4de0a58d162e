//! The digest that identifies a token in stores.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use serde::{Deserialize, Serialize};

/// The digest that identifies a token in stores. It cannot be turned back into the token, so it also serves as a
/// handle: the name of a token in lists and logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenDigest([u8; 16]);

impl TokenDigest {
    /// Returns the bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Parses a handle in upper or lower case, with or without white space around it. Returns `None` for other
    /// texts.
    pub fn from_handle(text: &str) -> Option<Self> {
        let bytes = HANDLE.decode(text.trim().to_ascii_lowercase().as_bytes());
        bytes.ok()?.try_into().ok().map(Self)
    }
}

impl From<[u8; 16]> for TokenDigest {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// Writes the handle: 26 letters and digits, which no dialect's token looks like.
impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HANDLE.encode_display(&self.0).fmt(f)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({self})")
    }
}

/// Base32 with a lower-case alphabet.
pub(crate) static HANDLE: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE32_NOPAD.specification();
    specification.symbols.make_ascii_lowercase();
    #[expect(clippy::expect_used, reason = "a constant that a test reads")]
    specification.encoding().expect("32 symbols that differ")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_a_digest() {
        let digest = TokenDigest::from([0xa5; 16]);
        let handle = digest.to_string();
        assert_eq!(handle, "uws2ljnfuws2ljnfuws2ljnfuu");
        assert_eq!(TokenDigest::from_handle(&handle), Some(digest));
        assert_eq!(
            TokenDigest::from_handle(&handle.to_uppercase()),
            Some(digest)
        );
        for text in ["", "uws2", "35eb2b5e94b54d5aafa6b6a7b6e8de01", "éé"] {
            assert_eq!(TokenDigest::from_handle(text), None, "{text}");
        }
    }
}
