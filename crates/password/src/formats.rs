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
pub(super) use self::bcrypt::{LONGEST_PASSWORD_BYTES as LONGEST_BCRYPT_BYTES, key as bcrypt_key};
use self::pbkdf2::Pbkdf2;
use self::phpass::Phpass;
use self::salted_digest::SaltedDigest;
use self::scrypt::Scrypt;
use self::unix_crypt::{Md5Crypt, ShaCrypt};
use super::bcrypt_lane::BcryptCheck;
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
    #[error("has {what} above {limit}")]
    AboveLimit {
        /// The parameter.
        what: &'static str,
        /// The maximum.
        limit: u64,
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
    SaltedDigest(SaltedDigest),
    Membership(Membership),
}

impl Hash {
    /// Parses a hash of any known format. Returns an error if the text is no such hash, if its check would exceed
    /// a limit, or if the hash is weak and the policy accepts no weak ones.
    pub(super) fn parse(text: &str, policy: Policy) -> Result<Self, HashError> {
        check_limit(
            "a length in bytes",
            text.len() as u64,
            cost_limits::HASH_BYTES as u64,
        )?;
        let hash = Self::parse_any_format(text)?;
        if let Some(bcrypt) = hash.bcrypt() {
            let most = cost_limits::BCRYPT_COST.max(policy.bcrypt_cost);
            check_limit("a bcrypt cost", bcrypt.cost().into(), most.into())?;
        }
        match hash.weakness() {
            Some(reason) if !policy.allow_weak => Err(HashError::Weak(reason)),
            _ => Ok(hash),
        }
    }

    fn parse_any_format(text: &str) -> Result<Self, HashError> {
        if let Some(rest) = text.strip_prefix('{') {
            let (scheme, value) = rest.split_once('}').ok_or(HashError::Unknown)?;
            return salted_digest::parse_ldap(scheme, value);
        }
        if text.starts_with('$') || text.starts_with("U$") {
            return Self::parse_crypt(text);
        }
        if text.contains('$') {
            return django::parse(text);
        }
        if let Some(digests) = SaltedDigest::parse_hex(text) {
            return digests.map(Self::SaltedDigest);
        }
        aspnet_identity::parse(text)
    }

    /// Parses a hash that begins with its format between dollar signs, like `$6$`. Returns an error if the format
    /// is unknown or not supported, or if the rest does not follow it.
    fn parse_crypt(text: &str) -> Result<Self, HashError> {
        let name = text.split('$').nth(1).unwrap_or_default();
        match name {
            _ if text.starts_with('U') => Phpass::parse(text).map(Self::Phpass),
            "wp" => wordpress::parse(text).map(Self::WordPress),
            "aspnet-membership" => Membership::parse(text).map(Self::Membership),
            "P" | "H" | "S" => Phpass::parse(text).map(Self::Phpass),
            "2a" | "2b" | "2x" | "2y" => Bcrypt::parse(text).map(Self::Bcrypt),
            "argon2id" | "argon2i" => Argon2::parse(text).map(Self::Argon2),
            "argon2d" => Err(HashError::Unsupported("argon2d")),
            "pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512" => {
                Pbkdf2::parse(text).map(Self::Pbkdf2)
            }
            "scrypt" | "7" => Scrypt::parse(text).map(Self::Scrypt),
            "5" | "6" => ShaCrypt::parse(text).map(Self::ShaCrypt),
            "1" => Md5Crypt::parse(text).map(Self::Md5Crypt),
            "apr1" => Err(HashError::Unsupported("Apache's MD5 crypt")),
            "y" | "gy" => Err(HashError::Unsupported("yescrypt")),
            _ => Err(HashError::Unknown),
        }
    }

    /// Returns why an attacker could guess the password of the hash. Returns `None` if the hash is strong.
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
            Self::SaltedDigest(_) | Self::Membership(_) => Some("one round of a fast digest"),
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
            | Self::SaltedDigest(_)
            | Self::Membership(_) => None,
        }
    }

    /// Returns the bcrypt computation that checks that password. Returns `None` for hashes that bcrypt alone does
    /// not check.
    pub(super) fn bcrypt_check(&self, password: &str) -> Option<BcryptCheck> {
        let bytes = password.as_bytes();
        match self {
            Self::Bcrypt(hash) => Some(hash.check(bytes)),
            Self::BcryptOfSha256(hash) => Some(hash.check(&django::hex_sha256(bytes))),
            Self::WordPress(hash) => Some(hash.check(&wordpress::key(password))),
            Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::SaltedDigest(_)
            | Self::Membership(_) => None,
        }
    }

    /// Returns whether the hash needs no replacement: this crate would make one like it, at that cost, or the format
    /// removes whitespace around a password before it hashes it, so that a new hash would refuse what this one
    /// accepts.
    pub(super) fn is_current(&self, cost: u32) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.is_ours() && hash.cost() == cost,
            Self::WordPress(_) => true,
            Self::BcryptOfSha256(_)
            | Self::Argon2(_)
            | Self::Pbkdf2(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_)
            | Self::Md5Crypt(_)
            | Self::Phpass(_)
            | Self::SaltedDigest(_)
            | Self::Membership(_) => false,
        }
    }

    /// Returns whether a check of the hash takes only milliseconds.
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
            | Self::SaltedDigest(_)
            | Self::Membership(_) => self.weakness().is_some(),
        }
    }

    /// Returns whether the format uses every byte of the password. A password that it would truncate must not
    /// match.
    pub(super) fn accepts(&self, password: &str) -> bool {
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
            | Self::SaltedDigest(_)
            | Self::Membership(_) => cost_limits::PASSWORD_BYTES,
        };
        password.len() <= longest && !password.contains('\0')
    }

    /// Returns whether the password matches the hash. Call it only for passwords that the hash
    /// [accepts](Self::accepts): others may match in a truncated form.
    pub(super) fn verify(&self, password: &str) -> bool {
        let bytes = password.as_bytes();
        match self {
            Self::Bcrypt(hash) => hash.verify(bytes),
            Self::BcryptOfSha256(hash) => hash.verify(&django::hex_sha256(bytes)),
            Self::Argon2(hash) => hash.verify(bytes),
            Self::Pbkdf2(hash) => hash.verify(bytes),
            Self::Scrypt(hash) => hash.verify(bytes),
            Self::ShaCrypt(hash) => hash.verify(bytes),
            Self::Md5Crypt(hash) => hash.verify(bytes),
            Self::Phpass(hash) => hash.verify(bytes),
            Self::SaltedDigest(hash) => hash.verify(bytes),
            Self::WordPress(hash) => hash.verify(&wordpress::key(password)),
            Self::Membership(hash) => hash.verify(password),
        }
    }
}

fn check_limit(what: &'static str, value: u64, limit: u64) -> Result<(), HashError> {
    if value > limit {
        Err(HashError::AboveLimit { what, limit })
    } else {
        Ok(())
    }
}

/// Checks the lengths of a hash's salt and output. Returns an error if one is above its limit, or if the output is
/// too short to exclude a match by chance.
fn check_lengths(format: &'static str, salt: &[u8], output: &[u8]) -> Result<(), HashError> {
    check_limit(
        "a salt length in bytes",
        salt.len() as u64,
        cost_limits::SALT_BYTES as u64,
    )?;
    check_limit(
        "an output length in bytes",
        output.len() as u64,
        cost_limits::OUTPUT_BYTES as u64,
    )?;
    if output.len() < cost_limits::LEAST_OUTPUT_BYTES {
        return Err(HashError::Malformed(format));
    }
    Ok(())
}
