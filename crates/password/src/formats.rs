//! Password hashes of other systems: parsing, limits, and checks.

mod argon2;
mod aspnet_identity;
mod aspnet_membership;
mod bcrypt;
mod django;
mod fields;
mod pbkdf2;
mod phpass;
mod salted_digest;
mod scrypt;
#[cfg(test)]
mod tests;
mod unix_crypt;
mod wordpress;

use thiserror::Error;

use self::argon2::Argon2;
use self::aspnet_membership::Membership;
use self::bcrypt::Bcrypt;
pub(super) use self::bcrypt::LONGEST_PASSWORD_BYTES as LONGEST_BCRYPT_BYTES;
use self::pbkdf2::Pbkdf2;
use self::phpass::Phpass;
use self::salted_digest::Digests;
use self::scrypt::Scrypt;
use self::unix_crypt::{Md5Crypt, ShaCrypt};
use super::bcrypt_lane::Lane;
use super::cost_limits;

/// Why a hash is refused. The message continues a sentence about the entry with the hash, and never quotes the
/// hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashError {
    /// The text begins like no known hash.
    #[error("is not a known password hash")]
    Unknown,
    /// The text begins like a hash of that format, but is not a whole one.
    #[error("is not a whole {0} hash")]
    Malformed(&'static str),
    /// An attacker who steals the hash has the password.
    #[error("is weak, {0}: set passwords.allow_weak to take it until the next login")]
    Weak(&'static str),
    /// The check would cost too much.
    #[error("has {what} above {bound}")]
    Beyond {
        /// The parameter.
        what: &'static str,
        /// The maximum.
        bound: u64,
    },
    /// A known format that is not supported.
    #[error("is {0}, which is not supported")]
    Unsupported(&'static str),
}

/// Which hashes are accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// The cost of new hashes.
    pub(super) bcrypt_cost: u32,
    /// Whether weak hashes are accepted.
    pub(super) allow_weak: bool,
}

/// A hash that can be checked in bounded time and memory.
pub(super) enum Hash {
    Bcrypt(Bcrypt),
    /// Bcrypt of the hexadecimal SHA-256 of the password: passwords of any length.
    BcryptOfSha256(Bcrypt),
    /// Bcrypt of the HMAC-SHA-384 that `WordPress` 6.8 makes of the password.
    WordPress(Bcrypt),
    Argon2(Argon2),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
    ShaCrypt(ShaCrypt),
    Md5Crypt(Md5Crypt),
    Phpass(Phpass),
    Digests(Digests),
    Membership(Membership),
}

impl Hash {
    /// Parses a hash of any known format. Fails if it is none, is above a limit, or is weak and weak hashes are
    /// not accepted.
    pub(super) fn read(text: &str, policy: Policy) -> Result<Self, HashError> {
        within(
            "a length in bytes",
            text.len() as u64,
            cost_limits::HASH_BYTES as u64,
        )?;
        let hash = Self::of_any_format(text)?;
        if let Some(bcrypt) = hash.bcrypt() {
            let most = cost_limits::BCRYPT_COST.max(policy.bcrypt_cost);
            within("a bcrypt cost", bcrypt.cost().into(), most.into())?;
        }
        match hash.weakness() {
            Some(reason) if !policy.allow_weak => Err(HashError::Weak(reason)),
            _ => Ok(hash),
        }
    }

    fn of_any_format(text: &str) -> Result<Self, HashError> {
        if let Some(rest) = text.strip_prefix('{') {
            let (scheme, value) = rest.split_once('}').ok_or(HashError::Unknown)?;
            return salted_digest::read_ldap(scheme, value);
        }
        if text.starts_with('$') || text.starts_with("U$") {
            return Self::of_crypt(text);
        }
        if text.contains('$') {
            return django::read(text);
        }
        if let Some(digests) = Digests::read_hex(text) {
            return digests.map(Self::Digests);
        }
        aspnet_identity::read(text)
    }

    /// Parses a hash that begins like `$6$`.
    fn of_crypt(text: &str) -> Result<Self, HashError> {
        let name = text.split('$').nth(1).unwrap_or_default();
        match name {
            _ if text.starts_with('U') => Phpass::read(text).map(Self::Phpass),
            "wp" => wordpress::read(text).map(Self::WordPress),
            "aspnet-membership" => Membership::read(text).map(Self::Membership),
            "P" | "H" | "S" => Phpass::read(text).map(Self::Phpass),
            "2a" | "2b" | "2x" | "2y" => Bcrypt::read(text).map(Self::Bcrypt),
            "argon2id" | "argon2i" => Argon2::read(text).map(Self::Argon2),
            "argon2d" => Err(HashError::Unsupported("argon2d")),
            "pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512" => {
                Pbkdf2::read(text).map(Self::Pbkdf2)
            }
            "scrypt" | "7" => Scrypt::read(text).map(Self::Scrypt),
            "5" | "6" => ShaCrypt::read(text).map(Self::ShaCrypt),
            "1" => Md5Crypt::read(text).map(Self::Md5Crypt),
            "apr1" => Err(HashError::Unsupported("Apache's MD5 crypt")),
            "y" | "gy" => Err(HashError::Unsupported("yescrypt")),
            _ => Err(HashError::Unknown),
        }
    }

    /// Returns why the hash is weak. `None` if it is not.
    fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::Bcrypt(_) | Self::BcryptOfSha256(_) | Self::WordPress(_) | Self::ShaCrypt(_) => {
                None
            }
            Self::Argon2(hash) => hash.weakness(),
            Self::Pbkdf2(hash) => hash.weakness(),
            Self::Scrypt(hash) => hash.weakness(),
            Self::Md5Crypt(_) => Some("MD5 crypt, which its author gave up in 2012"),
            Self::Phpass(hash) => hash.weakness(),
            Self::Digests(_) | Self::Membership(_) => Some("one round of a fast digest"),
        }
    }

    fn bcrypt(&self) -> Option<&Bcrypt> {
        match self {
            Self::Bcrypt(hash) | Self::BcryptOfSha256(hash) | Self::WordPress(hash) => Some(hash),
            Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::Digests(_)
            | Self::Membership(_) => None,
        }
    }

    /// Returns the bcrypt computation for that password. `None` for hashes that are not bcrypt's.
    pub(super) fn lane(&self, password: &str) -> Option<Lane> {
        let bytes = password.as_bytes();
        match self {
            Self::Bcrypt(hash) => Some(hash.lane(bytes)),
            Self::BcryptOfSha256(hash) => Some(hash.lane(&django::hex_sha256(bytes))),
            Self::WordPress(hash) => Some(hash.lane(&wordpress::key(password))),
            Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::Digests(_)
            | Self::Membership(_) => None,
        }
    }

    /// Returns bcrypt's cost. `None` for hashes whose check takes something else.
    pub(super) fn bcrypt_cost(&self) -> Option<u32> {
        self.bcrypt().map(Bcrypt::cost)
    }

    /// Returns whether the hash is like those made here, except for the cost.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Bcrypt(hash) if hash.is_ours())
    }

    /// Returns whether passwords with whitespace around them match, too. A hash made here would refuse them.
    pub(super) fn trims(&self) -> bool {
        matches!(self, Self::WordPress(_))
    }

    /// Returns whether the check takes milliseconds rather than what the limits allow.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_cheap(&self) -> bool {
        match self {
            Self::Bcrypt(hash) | Self::BcryptOfSha256(hash) | Self::WordPress(hash) => {
                hash.cost() < 8
            }
            Self::ShaCrypt(hash) => hash.rounds() < 10_000,
            Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::Digests(_)
            | Self::Membership(_) => self.weakness().is_some(),
        }
    }

    /// Returns whether the format takes the whole password. A password that it would cut off does not match.
    pub(super) fn takes(&self, password: &str) -> bool {
        let longest = match self {
            Self::Bcrypt(_) => LONGEST_BCRYPT_BYTES,
            Self::BcryptOfSha256(_)
            | Self::WordPress(_)
            | Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::Digests(_)
            | Self::Membership(_) => cost_limits::PASSWORD_BYTES,
        };
        password.len() <= longest && !password.contains('\0')
    }

    /// Returns whether the password matches. It must be one that the hash [takes](Self::takes).
    pub(super) fn fits(&self, password: &str) -> bool {
        let bytes = password.as_bytes();
        match self {
            Self::Bcrypt(hash) => hash.fits(bytes),
            Self::BcryptOfSha256(hash) => hash.fits(&django::hex_sha256(bytes)),
            Self::Argon2(hash) => hash.fits(bytes),
            Self::Pbkdf2(hash) => hash.fits(bytes),
            Self::Scrypt(hash) => hash.fits(bytes),
            Self::ShaCrypt(hash) => hash.fits(bytes),
            Self::Md5Crypt(hash) => hash.fits(bytes),
            Self::Phpass(hash) => hash.fits(bytes),
            Self::Digests(hash) => hash.fits(bytes),
            Self::WordPress(hash) => hash.fits(&wordpress::key(password)),
            Self::Membership(hash) => hash.fits(password),
        }
    }
}

fn within(what: &'static str, value: u64, bound: u64) -> Result<(), HashError> {
    if value > bound {
        Err(HashError::Beyond { what, bound })
    } else {
        Ok(())
    }
}

/// Checks that the salt and the output that is compared have acceptable lengths.
fn check_lengths(format: &'static str, salt: &[u8], output: &[u8]) -> Result<(), HashError> {
    within(
        "a salt length in bytes",
        salt.len() as u64,
        cost_limits::SALT_BYTES as u64,
    )?;
    within(
        "an output length in bytes",
        output.len() as u64,
        cost_limits::OUTPUT_BYTES as u64,
    )?;
    if output.len() < cost_limits::LEAST_OUTPUT_BYTES {
        return Err(HashError::Malformed(format));
    }
    Ok(())
}
