//! Phpass, of `WordPress` and phpBB (`$P$`, `$H$`), and the variant of Drupal 7 (`$S$`, with SHA-512).
//!
//! The prefix `U` is of Drupal 7, too: the password was replaced by its MD5 in hexadecimal when the hashes of
//! Drupal 6 were imported.

use md5::{Digest as _, Md5};
use sha2::Sha512;
use subtle::ConstantTimeEq as _;

use super::fields::CRYPT64;
use super::{HashError, check_limit};
use crate::cost_limits;

pub(crate) struct Phpass {
    of_md5: bool,
    digest: Inner,
    log2: u32,
    salt: [u8; 8],
    /// The encoded output: Drupal cuts it off within a byte.
    output: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inner {
    Md5,
    Sha512,
}

impl Phpass {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("phpass");
        let (of_md5, text) = match text.strip_prefix('U') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (digest, length) = match text.get(..3) {
            Some("$P$" | "$H$") => (Inner::Md5, 22),
            Some("$S$") => (Inner::Sha512, 43),
            _ => return Err(broken),
        };
        let symbols = &CRYPT64.as_ref().ok_or(broken)?.specification().symbols;
        let rest = &text[3..];
        if rest.len() != 9 + length || !rest.chars().all(|letter| symbols.contains(letter)) {
            return Err(broken);
        }
        let log2 = symbols
            .find(&rest[..1])
            .and_then(|log2| u32::try_from(log2).ok());
        let log2 = log2.filter(|log2| *log2 >= 7).ok_or(broken)?;
        check_limit(
            "a binary logarithm of phpass rounds",
            log2.into(),
            cost_limits::PHPASS_LOG2.into(),
        )?;
        let (salt, output) = rest[1..].split_at(8);
        Ok(Self {
            of_md5,
            digest,
            log2,
            salt: salt.as_bytes().try_into().map_err(|_| broken)?,
            output: output.as_bytes().to_vec(),
        })
    }

    pub(super) fn weakness(&self) -> Option<&'static str> {
        let few = 1 << self.log2 < cost_limits::STRONG_ROUNDS;
        few.then_some("phpass with fewer than 1000 rounds")
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let hexadecimal = hex::encode(Md5::digest(password));
        let password = if self.of_md5 {
            hexadecimal.as_bytes()
        } else {
            password
        };
        let made = match self.digest {
            Inner::Md5 => self.rounds::<Md5>(password),
            Inner::Sha512 => self.rounds::<Sha512>(password),
        };
        let Some(alphabet) = CRYPT64.as_ref() else {
            return false;
        };
        let made = alphabet.encode(&made);
        made.as_bytes()[..self.output.len()]
            .ct_eq(&self.output)
            .into()
    }

    fn rounds<D: md5::Digest>(&self, password: &[u8]) -> Vec<u8> {
        let mut made = D::new()
            .chain_update(self.salt)
            .chain_update(password)
            .finalize();
        for _ in 0..1 << self.log2 {
            made = D::new()
                .chain_update(made)
                .chain_update(password)
                .finalize();
        }
        made.to_vec()
    }
}
