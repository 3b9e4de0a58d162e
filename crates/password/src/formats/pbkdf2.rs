//! PBKDF2 in PHC strings and in passlib's: `$pbkdf2-sha256$i=600000$…$…`, `$pbkdf2-sha256$29000$…$…`.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::fields::{decode_base64, parse_number, split_fields};
use super::{HashError, check_lengths, check_limit};
use crate::cost_limits;

/// The digest that PBKDF2 uses.
#[derive(Clone, Copy)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

/// A PBKDF2 hash, in whatever format it was written.
pub(crate) struct Pbkdf2 {
    prf: Prf,
    iterations: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("PBKDF2");
        let [_, name, costs, salt, output] = split_fields(text).ok_or(broken)?;
        let prf = match name {
            "pbkdf2" | "pbkdf2-sha1" => Prf::Sha1,
            "pbkdf2-sha256" => Prf::Sha256,
            "pbkdf2-sha512" => Prf::Sha512,
            _ => return Err(broken),
        };
        let output = decode_base64(output).ok_or(broken)?;
        let iterations = match costs.strip_prefix("i=") {
            None => costs,
            Some(costs) => match costs.split_once(",l=") {
                None => costs,
                Some((costs, length)) if parse_number(length) == Some(output.len() as u64) => costs,
                Some(_) => return Err(broken),
            },
        };
        let iterations = parse_number(iterations).ok_or(broken)?;
        Self::new(prf, iterations, decode_base64(salt).ok_or(broken)?, output)
    }

    pub(super) fn new(
        prf: Prf,
        iterations: u64,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, HashError> {
        check_lengths("PBKDF2", &salt, &output)?;
        let block = match prf {
            Prf::Sha1 => 20,
            Prf::Sha256 => 32,
            Prf::Sha512 => 64,
        };
        let blocks = output.len().div_ceil(block) as u64;
        let most = cost_limits::PBKDF2_ITERATIONS / blocks;
        check_limit("PBKDF2 iterations", iterations, most)?;
        let iterations = u32::try_from(iterations)
            .ok()
            .filter(|iterations| *iterations > 0);
        Ok(Self {
            prf,
            iterations: iterations.ok_or(HashError::Malformed("PBKDF2"))?,
            salt,
            output,
        })
    }

    pub(super) fn weakness(&self) -> Option<&'static str> {
        let few = u64::from(self.iterations) < cost_limits::STRONG_ROUNDS;
        few.then_some("PBKDF2 with fewer than 1000 iterations")
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let make = match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>,
            Prf::Sha256 => pbkdf2_hmac::<Sha256>,
            Prf::Sha512 => pbkdf2_hmac::<Sha512>,
        };
        make(password, &self.salt, self.iterations, &mut output);
        output.ct_eq(&self.output).into()
    }
}
