//! One round of a digest: LDAP's schemes (`{SSHA}…`) and plain hexadecimal. All of them are weak.

use data_encoding::BASE64;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use super::{Hash, HashError, check_lengths};

pub(crate) struct SaltedDigest {
    algorithm: Algorithm,
    salt: Vec<u8>,
    position: SaltPosition,
    output: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// Where the salt is relative to the password.
#[derive(Clone, Copy)]
enum SaltPosition {
    Before,
    After,
    /// Not recorded: either order is accepted.
    Either,
}

/// Parses an LDAP password `{scheme}value`, as in RFC 2307 and `slapd.conf(5)`. Returns an error if the scheme is
/// unknown or not supported, or if the value does not fit it.
pub(super) fn parse_ldap(scheme: &str, value: &str) -> Result<Hash, HashError> {
    let scheme = scheme.to_ascii_uppercase();
    let (algorithm, salted) = match scheme.as_str() {
        "CRYPT" if value.starts_with('$') => return Hash::parse_crypt(value),
        "CRYPT" => return Err(HashError::Unsupported("DES crypt")),
        "ARGON2" if value.starts_with("$argon2") => return Hash::parse_crypt(value),
        "MD5" => (Algorithm::Md5, false),
        "SMD5" => (Algorithm::Md5, true),
        "SHA" => (Algorithm::Sha1, false),
        "SSHA" => (Algorithm::Sha1, true),
        "SSHA256" => (Algorithm::Sha256, true),
        "SSHA512" => (Algorithm::Sha512, true),
        "CLEARTEXT" => return Err(HashError::Unsupported("a password in clear text")),
        _ => return Err(HashError::Unknown),
    };
    let broken = HashError::Malformed("LDAP");
    let mut output = BASE64.decode(value.as_bytes()).map_err(|_| broken)?;
    if output.len() < algorithm.length() {
        return Err(broken);
    }
    let salt = output.split_off(algorithm.length());
    if salt.is_empty() == salted {
        return Err(broken);
    }
    let position = SaltPosition::After;
    SaltedDigest::new(algorithm, salt, position, output).map(Hash::SaltedDigest)
}

impl SaltedDigest {
    /// Parses a digest in hexadecimal: 32 digits are MD5, 40 are SHA-1. A salt may follow after a colon. Returns
    /// `None` for other texts, and an error if the salt is too long.
    pub(super) fn parse_hex(text: &str) -> Option<Result<Self, HashError>> {
        let (digits, salt) = text.split_once(':').unwrap_or((text, ""));
        let algorithm = match digits.len() {
            32 => Algorithm::Md5,
            40 => Algorithm::Sha1,
            _ => return None,
        };
        let output = hex::decode(digits).ok()?;
        let salt = salt.as_bytes().to_vec();
        Some(Self::new(algorithm, salt, SaltPosition::Either, output))
    }

    /// Parses the parts of Django's `md5$salt$digits` and `sha1$salt$digits`. Returns an error if the name is
    /// another, or if the digits are not a digest of its length.
    pub(super) fn parse_django(name: &str, salt: &str, digits: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("Django");
        let algorithm = match name {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            _ => return Err(HashError::Unknown),
        };
        let output = hex::decode(digits).map_err(|_| broken)?;
        if output.len() != algorithm.length() {
            return Err(broken);
        }
        Self::new(
            algorithm,
            salt.as_bytes().to_vec(),
            SaltPosition::Before,
            output,
        )
    }

    fn new(
        algorithm: Algorithm,
        salt: Vec<u8>,
        position: SaltPosition,
        output: Vec<u8>,
    ) -> Result<Self, HashError> {
        check_lengths("salted", &salt, &output)?;
        Ok(Self {
            algorithm,
            salt,
            position,
            output,
        })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let before = || {
            self.algorithm
                .digest(&self.salt, password)
                .ct_eq(&self.output)
        };
        let after = || {
            self.algorithm
                .digest(password, &self.salt)
                .ct_eq(&self.output)
        };
        let matches: Choice = match self.position {
            SaltPosition::Before => before(),
            SaltPosition::After => after(),
            SaltPosition::Either => before() | after(),
        };
        matches.into()
    }
}

impl Algorithm {
    fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, one: &[u8], other: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => hash_both::<Md5>(one, other),
            Self::Sha1 => hash_both::<Sha1>(one, other),
            Self::Sha256 => hash_both::<Sha256>(one, other),
            Self::Sha512 => hash_both::<Sha512>(one, other),
        }
    }
}

fn hash_both<D: Digest>(one: &[u8], other: &[u8]) -> Vec<u8> {
    D::new()
        .chain_update(one)
        .chain_update(other)
        .finalize()
        .to_vec()
}
