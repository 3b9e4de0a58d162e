//! One round of a digest: LDAP's schemes (`{SSHA}…`) and plain hexadecimal. All of them are weak.

use data_encoding::BASE64;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use super::{Hash, HashError, check_lengths};

pub(crate) struct Digests {
    kind: Kind,
    salt: Vec<u8>,
    place: Place,
    output: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Kind {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// Where the salt is relative to the password.
#[derive(Clone, Copy)]
enum Place {
    Before,
    After,
    /// Not recorded: either order is accepted.
    Either,
}

/// Parses a directory server's `{scheme}value`, after RFC 2307 and `slapd.conf(5)`.
pub(super) fn read_ldap(scheme: &str, value: &str) -> Result<Hash, HashError> {
    let scheme = scheme.to_ascii_uppercase();
    let (kind, salted) = match scheme.as_str() {
        "CRYPT" if value.starts_with('$') => return Hash::of_crypt(value),
        "CRYPT" => return Err(HashError::Unsupported("DES crypt")),
        "ARGON2" if value.starts_with("$argon2") => return Hash::of_crypt(value),
        "MD5" => (Kind::Md5, false),
        "SMD5" => (Kind::Md5, true),
        "SHA" => (Kind::Sha1, false),
        "SSHA" => (Kind::Sha1, true),
        "SSHA256" => (Kind::Sha256, true),
        "SSHA512" => (Kind::Sha512, true),
        "CLEARTEXT" => return Err(HashError::Unsupported("a password in clear text")),
        _ => return Err(HashError::Unknown),
    };
    let broken = HashError::Malformed("LDAP");
    let mut output = BASE64.decode(value.as_bytes()).map_err(|_| broken)?;
    if output.len() < kind.length() {
        return Err(broken);
    }
    let salt = output.split_off(kind.length());
    if salt.is_empty() == salted {
        return Err(broken);
    }
    let place = Place::After;
    Digests::new(kind, salt, place, output).map(Hash::Digests)
}

impl Digests {
    /// Parses hexadecimal digits: 32 are MD5, 40 are SHA-1. A salt may follow after a colon. `None` for other
    /// texts.
    pub(super) fn read_hex(text: &str) -> Option<Result<Self, HashError>> {
        let (digits, salt) = text.split_once(':').unwrap_or((text, ""));
        let kind = match digits.len() {
            32 => Kind::Md5,
            40 => Kind::Sha1,
            _ => return None,
        };
        let output = hex::decode(digits).ok()?;
        let salt = salt.as_bytes().to_vec();
        Some(Self::new(kind, salt, Place::Either, output))
    }

    /// Parses Django's `md5$salt$digits` and `sha1$…`.
    pub(super) fn read_django(name: &str, salt: &str, digits: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("Django");
        let kind = match name {
            "md5" => Kind::Md5,
            "sha1" => Kind::Sha1,
            _ => return Err(HashError::Unknown),
        };
        let output = hex::decode(digits).map_err(|_| broken)?;
        if output.len() != kind.length() {
            return Err(broken);
        }
        Self::new(kind, salt.as_bytes().to_vec(), Place::Before, output)
    }

    fn new(kind: Kind, salt: Vec<u8>, place: Place, output: Vec<u8>) -> Result<Self, HashError> {
        check_lengths("salted", &salt, &output)?;
        Ok(Self {
            kind,
            salt,
            place,
            output,
        })
    }

    pub(super) fn fits(&self, password: &[u8]) -> bool {
        let before = || self.kind.of(&self.salt, password).ct_eq(&self.output);
        let after = || self.kind.of(password, &self.salt).ct_eq(&self.output);
        let fits: Choice = match self.place {
            Place::Before => before(),
            Place::After => after(),
            Place::Either => before() | after(),
        };
        fits.into()
    }
}

impl Kind {
    fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn of(self, one: &[u8], other: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => digest::<Md5>(one, other),
            Self::Sha1 => digest::<Sha1>(one, other),
            Self::Sha256 => digest::<Sha256>(one, other),
            Self::Sha512 => digest::<Sha512>(one, other),
        }
    }
}

fn digest<D: Digest>(one: &[u8], other: &[u8]) -> Vec<u8> {
    D::new()
        .chain_update(one)
        .chain_update(other)
        .finalize()
        .to_vec()
}
