//! Digests under which the directory stores application keys and card codes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// The digest under which the directory stores an application key or a card's code: the SHA-256 of the text, or,
/// as it is stored, the HMAC-SHA-256 of that under a digest key of the directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest {
    bytes: [u8; 32],
    key: Option<DigestKeyId>,
}

/// The identifier of a digest key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestKeyId(pub(super) [u8; 8]);

/// The error for a text that is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not 64 hexadecimal digits, with or without a digest key's identifier before them")]
pub struct UnreadableDigest;

impl KeyDigest {
    /// Returns the plain digest of a text. The different spellings of a GUID have the same digest.
    pub fn of(key: &str) -> Self {
        let digest = match Uuid::try_parse(key) {
            Ok(guid) => Sha256::digest(guid.simple().to_string()),
            Err(_) => Sha256::digest(key),
        };
        Self::plain(digest.into())
    }

    /// Returns the plain digest with these bytes, which must be a SHA-256.
    pub const fn plain(bytes: [u8; 32]) -> Self {
        Self { bytes, key: None }
    }

    /// Returns the digest with these bytes, which was made with a digest key.
    pub const fn keyed(bytes: [u8; 32], key: DigestKeyId) -> Self {
        let key = Some(key);
        Self { bytes, key }
    }

    /// Parses a plain digest: 64 hexadecimal digits. `None` if the text is not one.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok()?;
        Some(Self::plain(digest))
    }

    /// Parses a digest in the format of [`text`](Self::text).
    ///
    /// # Errors
    /// If `text` does not have that format.
    pub fn parse(text: &str) -> Result<Self, UnreadableDigest> {
        let (key, digits) = match text.split_once(':') {
            Some((key, digits)) => (Some(DigestKeyId::parse(key)?), digits),
            None => (None, text),
        };
        let digest = Self::from_hex(digits).ok_or(UnreadableDigest)?;
        Ok(Self { key, ..digest })
    }

    /// Returns the digest as it is written to a directory file: 64 hexadecimal digits. If it was made with a
    /// digest key, the key's identifier and a colon come first.
    pub fn text(self) -> String {
        match self.key {
            None => self.hex(),
            Some(key) => format!("{key}:{}", self.hex()),
        }
    }

    /// Returns the first six bytes, without the digest key's identifier.
    pub(super) fn beginning(self) -> [u8; 6] {
        let mut beginning = [0; 6];
        for (byte, known) in beginning.iter_mut().zip(self.bytes) {
            *byte = known;
        }
        beginning
    }

    /// Returns the digest as 64 lower-case hexadecimal digits, without the digest key's identifier.
    pub fn hex(self) -> String {
        hex::encode(self.bytes)
    }

    /// Returns the identifier of the digest key with which the digest was made; `None` for a plain digest.
    pub fn key(self) -> Option<DigestKeyId> {
        self.key
    }

    /// Returns the digest key's identifier as it is stored in databases; `None` for a plain digest.
    pub fn key_bytes(self) -> Option<Vec<u8>> {
        self.key.map(|key| key.0.to_vec())
    }

    /// Returns the digest as it is stored in databases, without the digest key's identifier.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// Shows nothing, because a short code can be guessed from its plain digest.
impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("expected 64 hexadecimal digits"))
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl DigestKeyId {
    /// Returns the identifier with these bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the identifier as it is stored in databases.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Parses an identifier: 16 hexadecimal digits.
    ///
    /// # Errors
    /// If the text is not one.
    pub fn parse(text: &str) -> Result<Self, UnreadableDigest> {
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
        Self::parse(&text).map_err(|_| de::Error::custom("expected 16 hexadecimal digits"))
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
            assert_eq!(KeyDigest::parse(&digest.text()), Ok(digest));
        }
        for wrong in [
            "",
            ":",
            "07",
            "0707070707070707:",
            "07:0707",
            &format!(":{}", plain.hex()),
        ] {
            assert_eq!(KeyDigest::parse(wrong), Err(UnreadableDigest), "{wrong}");
        }
    }
}
