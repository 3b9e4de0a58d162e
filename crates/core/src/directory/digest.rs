//! What the directory knows a key or a card's code by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// What the directory knows a key or a card's code by: the SHA-256 of the text, or, as it is stored, the
/// HMAC-SHA-256 of that under a digest key of the directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest {
    bytes: [u8; 32],
    key: Option<DigestKeyId>,
}

/// Names a digest key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestKeyId(pub(super) [u8; 8]);

/// A text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not 64 hexadecimal digits, with or without a digest key's identifier before them")]
pub struct UnreadableDigest;

impl KeyDigest {
    /// The plain digest of a key's text. A GUID counts as one however it is spelt.
    pub fn of(key: &str) -> Self {
        let digest = match Uuid::try_parse(key) {
            Ok(guid) => Sha256::digest(guid.simple().to_string()),
            Err(_) => Sha256::digest(key),
        };
        Self::plain(digest.into())
    }

    /// Returns the plain digest of those bytes, a SHA-256.
    pub const fn plain(bytes: [u8; 32]) -> Self {
        Self { bytes, key: None }
    }

    /// Returns the digest of those bytes that was made with a digest key.
    pub const fn keyed(bytes: [u8; 32], key: DigestKeyId) -> Self {
        let key = Some(key);
        Self { bytes, key }
    }

    /// Reads 64 hexadecimal digits, a plain digest.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok()?;
        Some(Self::plain(digest))
    }

    /// Reads what [`text`](Self::text) writes.
    pub fn read(text: &str) -> Result<Self, UnreadableDigest> {
        let (key, digits) = match text.split_once(':') {
            Some((key, digits)) => (Some(DigestKeyId::read(key)?), digits),
            None => (None, text),
        };
        let digest = Self::from_hex(digits).ok_or(UnreadableDigest)?;
        Ok(Self { key, ..digest })
    }

    /// The digest as a directory file has it: 64 hexadecimal digits, with the digest key's identifier and
    /// a colon before them unless it is a plain one.
    pub fn text(self) -> String {
        match self.key {
            None => self.hex(),
            Some(key) => format!("{key}:{}", self.hex()),
        }
    }

    /// 64 lower-case hexadecimal digits.
    pub fn hex(self) -> String {
        hex::encode(self.bytes)
    }

    /// The digest key that it was made with; `None` for a plain digest.
    pub fn key(self) -> Option<DigestKeyId> {
        self.key
    }

    /// Returns the digest key's identifier as databases keep it.
    pub fn key_bytes(self) -> Option<Vec<u8>> {
        self.key.map(|key| key.0.to_vec())
    }

    /// Returns the digest as databases keep it, without the digest key's identifier.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// A plain digest of a short code gives the code away.
impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(|_| de::Error::custom("expected 64 hexadecimal digits"))
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl DigestKeyId {
    /// Returns the identifier that consists of those bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the identifier as databases keep it.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Reads 16 hexadecimal digits.
    pub fn read(text: &str) -> Result<Self, UnreadableDigest> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id).map_err(|_| UnreadableDigest)?;
        Ok(Self(id))
    }
}

impl fmt::Display for DigestKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for DigestKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DigestKeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DigestKeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(|_| de::Error::custom("expected 16 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let plain = KeyDigest::of("a key");
        let keyed = KeyDigest::keyed(*plain.as_bytes(), DigestKeyId([7; 8]));
        assert_eq!(plain.text(), plain.hex());
        assert_eq!(keyed.text(), format!("0707070707070707:{}", plain.hex()));
        for digest in [plain, keyed] {
            assert_eq!(KeyDigest::read(&digest.text()), Ok(digest));
        }
        for wrong in [
            "",
            ":",
            "07",
            "0707070707070707:",
            "07:0707",
            &format!(":{}", plain.hex()),
        ] {
            assert_eq!(KeyDigest::read(wrong), Err(UnreadableDigest), "{wrong}");
        }
    }
}
