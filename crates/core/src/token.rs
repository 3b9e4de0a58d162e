//! Tokens: 128 random bits in clear text for the client, a keyed digest for the store.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

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

/// A token as its bearer holds it. There is no `Display`: each dialect spells it its own way.
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
    pub(crate) fn derived(realm: Realm, pepper: &Pepper, seed: &[u8; 16]) -> Self {
        let derived = pepper.keyed(&[b"derived token", realm.name().as_bytes(), seed]);
        let mut bits = [0; 16];
        bits.copy_from_slice(&derived.0[..16]);
        Self { realm, bits }
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

    /// The realm it belongs to.
    pub fn realm(&self) -> Realm {
        self.realm
    }
}

/// 128 bits from the operating system's random numbers.
pub(crate) fn random_bits() -> Result<[u8; 16], getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(bits)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, …)", self.realm.name())
    }
}

/// What a store knows a token by. It cannot be turned back into the token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for TokenDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({}…)", hex::encode(&self.0[..4]))
    }
}

/// The secret that keys all digests. Without it a dump of the token store opens nothing.
pub struct Pepper(SecretBox<[u8]>);

impl Pepper {
    /// The fewest bytes a pepper may have.
    pub const MIN_BYTES: usize = 16;

    /// A pepper of at least [`Pepper::MIN_BYTES`]; fewer are refused with `None`.
    pub fn new(secret: impl Into<Box<[u8]>>) -> Option<Self> {
        let secret = secret.into();
        (secret.len() >= Self::MIN_BYTES).then(|| Self(SecretBox::new(secret)))
    }

    /// HMAC-SHA-256 over the realm and the token.
    pub(crate) fn digest(&self, token: &Token) -> TokenDigest {
        self.keyed(&[b"token", token.realm.name().as_bytes(), &token.bits])
    }

    /// HMAC-SHA-256 over `parts`, each preceded by its length, so that no two lists collide.
    pub(crate) fn keyed(&self, parts: &[&[u8]]) -> TokenDigest {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        TokenDigest(mac.finalize().into_bytes().into())
    }

    /// A keyed fingerprint of `bytes`, to tell whether they changed.
    pub fn fingerprint(&self, bytes: &[u8]) -> [u8; 32] {
        self.keyed(&[b"fingerprint", bytes]).0
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Realm = Realm::new("here");
    const THERE: Realm = Realm::new("there");

    fn pepper(text: &str) -> Pepper {
        Pepper::new(text.as_bytes()).unwrap()
    }

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
    fn the_digest_depends_on_realm_and_pepper() {
        let text = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
        let here = Token::from_hex(HERE, text).unwrap();
        let there = Token::from_hex(THERE, text).unwrap();
        let pepper_a = pepper("0123456789abcdef");
        assert_eq!(pepper_a.digest(&here), pepper_a.digest(&here));
        assert_ne!(pepper_a.digest(&here), pepper_a.digest(&there));
        assert_ne!(
            pepper_a.digest(&here),
            pepper("fedcba9876543210").digest(&here)
        );
    }

    #[test]
    fn a_short_pepper_is_refused() {
        assert!(Pepper::new(b"0123456789abcde".as_slice()).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::from_hex(HERE, "35eb2b5e94b54d5aafa6b6a7b6e8de01").unwrap();
        assert_eq!(format!("{token:?}"), "Token(here, …)");
        assert_eq!(format!("{:?}", pepper("0123456789abcdef")), "Pepper(…)");
    }
}
