//! Django's hashers: `pbkdf2_sha256$iterations$salt$…` and so on.

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use super::argon2::Argon2;
use super::bcrypt::Bcrypt;
use super::fields::{parse_number, split_fields};
use super::pbkdf2::{Pbkdf2, Prf};
use super::salted_digest::SaltedDigest;
use super::scrypt::{Costs, Scrypt};
use super::{Hash, HashError};

const BROKEN: HashError = HashError::Malformed("Django");

pub(super) fn parse(text: &str) -> Result<Hash, HashError> {
    let (name, rest) = text.split_once('$').ok_or(HashError::Unknown)?;
    match name {
        "pbkdf2_sha256" => pbkdf2(Prf::Sha256, rest),
        "pbkdf2_sha1" => pbkdf2(Prf::Sha1, rest),
        "argon2" if rest.starts_with("argon2") => {
            Argon2::parse(&format!("${rest}")).map(Hash::Argon2)
        }
        "bcrypt" => Bcrypt::parse(rest).map(Hash::Bcrypt),
        "bcrypt_sha256" => Bcrypt::parse(rest).map(Hash::BcryptOfSha256),
        "scrypt" => scrypt(rest),
        "md5" | "sha1" => {
            let [salt, digits] = split_fields(rest).ok_or(BROKEN)?;
            SaltedDigest::parse_django(name, salt, digits).map(Hash::SaltedDigest)
        }
        "argon2" => Err(BROKEN),
        "crypt" => Err(HashError::Unsupported("DES crypt")),
        _ => Err(HashError::Unknown),
    }
}

fn pbkdf2(prf: Prf, rest: &str) -> Result<Hash, HashError> {
    let [iterations, salt, output] = split_fields(rest).ok_or(BROKEN)?;
    let iterations = parse_number(iterations).ok_or(BROKEN)?;
    let output = BASE64.decode(output.as_bytes()).map_err(|_| BROKEN)?;
    Pbkdf2::new(prf, iterations, salt.as_bytes().to_vec(), output).map(Hash::Pbkdf2)
}

/// Parses the rest of `scrypt$N$salt$r$p$…`, with N itself and not its logarithm. Returns an error if a field is
/// missing or no number, or if a cost is above its limit.
fn scrypt(rest: &str) -> Result<Hash, HashError> {
    let [n, salt, r, p, output] = split_fields(rest).ok_or(BROKEN)?;
    let n = parse_number(n)
        .filter(|n| n.is_power_of_two() || *n == u64::MAX)
        .ok_or(BROKEN)?;
    let costs = Costs {
        log_n: u64::BITS.saturating_sub(n.leading_zeros() + 1).into(),
        r: parse_number(r).ok_or(BROKEN)?,
        p: parse_number(p).ok_or(BROKEN)?,
    };
    let output = BASE64.decode(output.as_bytes()).map_err(|_| BROKEN)?;
    Scrypt::new(&costs, salt.as_bytes().to_vec(), output).map(Hash::Scrypt)
}

/// Returns the SHA-256 of a password in hexadecimal, which `bcrypt_sha256` passes to bcrypt instead of the
/// password.
pub(super) fn hex_sha256(password: &[u8]) -> Vec<u8> {
    hex::encode(Sha256::digest(password)).into_bytes()
}
