//! Bcrypt: `$2b$12$…`, and `2a`, `2y`, `2x`.
//!
//! `2a`, `2b` and `2y` are the same for passwords of up to 72 bytes without a NUL, and no others are checked
//! here. `2x` marks hashes of `crypt_blowfish` before 1.1: it read each byte as a signed number, so that one
//! above 127 overwrote those before it. That bug is in the bytes of the key, before bcrypt begins, and is
//! reproduced here.

use isogloss_bcrypt_lanes::Cost;

use super::HashError;
use super::fields::BCRYPT64;
use crate::bcrypt_lane::{BcryptCheck, BcryptLane, ExpectedOutput};

/// The maximum number of password bytes that bcrypt reads.
pub(crate) const LONGEST_PASSWORD_BYTES: usize = 72;

pub(crate) struct Bcrypt {
    signed: bool,
    cost: Cost,
    salt: [u8; 16],
    expected: ExpectedOutput,
}

impl Bcrypt {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        Self::parse_if_whole(text).ok_or(HashError::Malformed("bcrypt"))
    }

    fn parse_if_whole(text: &str) -> Option<Self> {
        let mut fields = text.strip_prefix("$2")?.split('$');
        let signed = match fields.next()? {
            "a" | "b" | "y" => false,
            "x" => true,
            _ => return None,
        };
        let cost = fields.next().filter(|cost| cost.len() == 2)?;
        let digits = cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|_| digits)?;
        let rest = fields.next().filter(|_| fields.next().is_none())?;
        let (salt, output) = rest.split_at_checked(22)?;
        let decode = |text: &str| BCRYPT64.as_ref()?.decode(text.as_bytes()).ok();
        Some(Self {
            signed,
            cost: Cost::new(cost)?,
            salt: decode(salt)?.try_into().ok()?,
            expected: ExpectedOutput(decode(output)?.try_into().ok()?),
        })
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost.log2()
    }

    pub(super) fn is_ours(&self) -> bool {
        !self.signed
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        self.check(password).verify()
    }

    /// Returns the bcrypt computation that checks that password. Bytes after the 72nd are ignored.
    pub(super) fn check(&self, password: &[u8]) -> BcryptCheck {
        let key = if self.signed {
            signed_key(password)
        } else {
            key(password)
        };
        BcryptCheck {
            lane: BcryptLane::new(self.cost, self.salt, key),
            expected: self.expected,
        }
    }
}

/// Returns the key that bcrypt makes of a password: its bytes and a NUL, without those after the 72nd. It is allocated
/// once, as growing would leave a copy behind.
pub(crate) fn key(password: &[u8]) -> Vec<u8> {
    let mut key = [password, &[0]].concat();
    key.truncate(LONGEST_PASSWORD_BYTES);
    key
}

/// Returns the 72 bytes of key that `crypt_blowfish` before 1.1 made of a password, with its sign-extension bug.
fn signed_key(password: &[u8]) -> Vec<u8> {
    let mut bytes = password.iter().chain(&[0]).cycle();
    let word = |_| {
        let bytes = bytes.by_ref().take(4);
        let word = bytes.fold(0, |word: u32, byte| {
            (word << 8) | i32::from(byte.cast_signed()).cast_unsigned()
        });
        word.to_be_bytes()
    };
    (0..18).flat_map(word).collect()
}
