//! Tokens: 128 random bits in clear text for the client, a keyed digest for the store.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use secrecy::zeroize::{Zeroize as _, ZeroizeOnDrop};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::pepper::Pepper;

/// Whose tokens these are. A token of one realm opens nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Realm(&'static str);

impl Realm {
    /// The realm of that name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// A token as its bearer holds it. There is no `Display`: each dialect spells it its own way. Its bits
/// are wiped when it is dropped; what a dialect has spelt, and what came in a request, is not.
#[derive(Clone)]
pub struct Token {
    realm: Realm,
    bits: [u8; 16],
}

impl Token {
    /// A fresh token from the operating system's random numbers.
    pub(crate) fn random(realm: Realm) -> Result<Self, getrandom::Error> {
        let bits = random_bits()?;
        Ok(Self { realm, bits })
    }

    /// The token that `seed` stands for under this pepper, the same each time.
    pub(crate) fn derived(realm: Realm, pepper: &Pepper, Seed(seed): &Seed) -> Self {
        let bits = pepper.digest_of(&[b"derived token", realm.name().as_bytes(), seed]);
        Self {
            realm,
            bits: *bits.as_bytes(),
        }
    }

    /// Reads 32 hexadecimal digits of either case.
    pub fn from_hex(realm: Realm, text: &str) -> Option<Self> {
        let mut bits = [0; 16];
        hex::decode_to_slice(text, &mut bits).ok()?;
        Some(Self { realm, bits })
    }

    /// Reads a GUID: 32 hexadecimal digits of either case, with or without its four dashes.
    pub fn from_guid(realm: Realm, text: &str) -> Option<Self> {
        if text.len() != 36 {
            return Self::from_hex(realm, text);
        }
        let bits = Uuid::try_parse(text).ok()?.into_bytes();
        Some(Self { realm, bits })
    }

    /// 32 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        hex::encode(self.bits)
    }

    pub(crate) fn bits(&self) -> &[u8; 16] {
        &self.bits
    }

    /// The realm it belongs to.
    pub fn realm(&self) -> Realm {
        self.realm
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.bits.zeroize();
    }
}

impl ZeroizeOnDrop for Token {}

/// What a token is derived from, together with the pepper.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 16]);

impl Seed {
    /// A fresh one.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        random_bits().map(Self)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// 128 bits from the operating system's random numbers.
fn random_bits() -> Result<[u8; 16], getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(bits)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, …)", self.realm.name())
    }
}

/// What a store knows a token by. It cannot be turned back into the token, so it also serves as a
/// handle: the name of a token in lists and logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenDigest([u8; 16]);

impl TokenDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads a handle, in either case.
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

/// The handle: 26 letters and digits, which no dialect's token looks like.
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

/// Base32 with the letters in lower case.
pub(crate) static HANDLE: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE32_NOPAD.specification();
    specification.symbols.make_ascii_lowercase();
    #[expect(clippy::expect_used, reason = "a constant that a test reads")]
    specification.encoding().expect("32 symbols that differ")
});

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Realm = Realm::new("here");

    #[test]
    fn dashes_and_case_do_not_change_a_token() {
        let plain = Token::from_guid(HERE, "35eb2b5e94b54d5aafa6b6a7b6e8de01").unwrap();
        let dashed = Token::from_guid(HERE, "35EB2B5E-94B5-4D5A-AFA6-B6A7B6E8DE01").unwrap();
        assert_eq!(plain.bits, dashed.bits);
        assert_eq!(dashed.hex(), "35eb2b5e94b54d5aafa6b6a7b6e8de01");
    }

    #[test]
    fn misshapen_tokens_are_refused() {
        for text in [
            "",
            "35eb",
            "35eb2b5e94b54d5aafa6b6a7b6e8de0",
            "35eb2b5e94b54d5aafa6b6a7b6e8de011",
            "zzeb2b5e94b54d5aafa6b6a7b6e8de01",
            "{35eb2b5e94b54d5aafa6b6a7b6e8de01}",
            "35eb2b5e94b54d5aafa6b6a7b6e8déé",
        ] {
            assert!(Token::from_guid(HERE, text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::from_hex(HERE, "35eb2b5e94b54d5aafa6b6a7b6e8de01").unwrap();
        assert_eq!(format!("{token:?}"), "Token(here, …)");
    }

    #[test]
    fn a_token_is_wiped_when_it_is_dropped() {
        fn is_wiped<T: ZeroizeOnDrop>() -> bool {
            std::mem::needs_drop::<T>()
        }
        assert!(is_wiped::<Token>());
    }

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
