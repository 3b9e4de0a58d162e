//! Tokens: 128 random bits in clear text for the client, a keyed digest for the store.

use std::fmt;

use secrecy::zeroize::{Zeroize as _, ZeroizeOnDrop};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// The namespace of tokens. A token of one realm is invalid in all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Realm(&'static str);

impl Realm {
    /// Creates the realm of that name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name of the realm.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// A token as its bearer holds it. There is no `Display`: each dialect has its own spelling. The bits are wiped
/// on drop; the text that a dialect makes of it, and the text in a request, are not.
#[derive(Clone)]
pub struct Token {
    realm: Realm,
    bits: [u8; 16],
}

impl Token {
    /// Returns a new token from the random numbers of the operating system. `Err` if it gives none.
    pub(crate) fn random(realm: Realm) -> Result<Self, getrandom::Error> {
        let bits = random_bits()?;
        Ok(Self { realm, bits })
    }

    /// Returns the token that `seed` yields in that realm under this pepper, always the same one.
    pub(crate) fn derived(realm: Realm, pepper: &Pepper, Seed(seed): &Seed) -> Self {
        let bits = pepper.digest_of(&[b"derived token", realm.name().as_bytes(), seed]);
        Self {
            realm,
            bits: *bits.as_bytes(),
        }
    }

    /// Parses 32 hexadecimal digits in upper or lower case. Returns `None` for other texts.
    pub fn from_hex(realm: Realm, text: &str) -> Option<Self> {
        let mut bits = [0; 16];
        hex::decode_to_slice(text, &mut bits).ok()?;
        Some(Self { realm, bits })
    }

    /// Parses a GUID: 32 hexadecimal digits in upper or lower case, with or without its four dashes. Returns
    /// `None` for other texts.
    pub fn from_guid(realm: Realm, text: &str) -> Option<Self> {
        if text.len() != 36 {
            return Self::from_hex(realm, text);
        }
        let bits = Uuid::try_parse(text).ok()?.into_bytes();
        Some(Self { realm, bits })
    }

    /// Returns the token as 32 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        hex::encode(self.bits)
    }

    /// Returns the digest that identifies the token in stores under this pepper.
    pub fn digest(&self, pepper: &Pepper) -> TokenDigest {
        pepper.digest_of(&[b"token", self.realm.name().as_bytes(), &self.bits])
    }

    /// Returns true if both have the same bits in the same realm. Both come from a caller, so the time of the
    /// comparison tells the caller nothing.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.realm == other.realm && self.bits == other.bits
    }

    /// Returns the realm of the token.
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

/// The value from which a token is derived, together with the pepper.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 16]);

impl Seed {
    /// Returns a new seed from the random numbers of the operating system. `Err` if it gives none.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        random_bits().map(Self)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// Returns 128 bits from the random numbers of the operating system. `Err` if it gives none.
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

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Realm = Realm::new("here");
    const THERE: Realm = Realm::new("there");

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
    fn the_digest_depends_on_realm_and_pepper() {
        let text = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
        let here = Token::from_hex(HERE, text).unwrap();
        let there = Token::from_hex(THERE, text).unwrap();
        let pepper = Pepper::new(b"0123456789abcdef").unwrap();
        let other = Pepper::new(b"fedcba9876543210").unwrap();
        assert_eq!(here.digest(&pepper), here.digest(&pepper));
        assert_ne!(here.digest(&pepper), there.digest(&pepper));
        assert_ne!(here.digest(&pepper), here.digest(&other));
    }
}
