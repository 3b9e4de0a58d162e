//! The crypt formats of Unix: SHA-crypt (`$5$`, `$6$`) and MD5-crypt (`$1$`).

use md5::{Digest as _, Md5};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use subtle::ConstantTimeEq as _;

use super::fields::{CRYPT64, parse_number};
use super::{HashError, check_limit};
use crate::cost_limits;

/// The prefix of a number of rounds that is not the default.
const ROUNDS: &str = "rounds=";

/// SHA-crypt by Ulrich Drepper, <https://www.akkadia.org/drepper/SHA-crypt.txt>.
pub(crate) struct ShaCrypt {
    wide: bool,
    rounds: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ShaCrypt {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("SHA crypt");
        let (wide, rest) = match (text.strip_prefix("$6$"), text.strip_prefix("$5$")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            (None, None) => return Err(broken),
        };
        let mut rounds = Params::RECOMMENDED_ROUNDS;
        let mut rest = rest;
        if let Some(stated) = rest.strip_prefix(ROUNDS) {
            let (stated, after) = stated.split_once('$').ok_or(broken)?;
            let stated = parse_number(stated).ok_or(broken)?;
            check_limit("SHA crypt rounds", stated, cost_limits::SHA_CRYPT_ROUNDS)?;
            rounds = u32::try_from(stated).map_err(|_| broken)?;
            rest = after;
        }
        let (salt, output) = rest.split_once('$').ok_or(broken)?;
        let length = if wide { 64 } else { 32 };
        if rounds < Params::ROUNDS_MIN {
            return Err(broken);
        }
        // The salt is cut at 16 bytes when a hash is made, not when it is checked.
        if salt.len() > 16 {
            return Err(broken);
        }
        Ok(Self {
            wide,
            rounds,
            salt: salt.as_bytes().to_vec(),
            output: decode(output, length).ok_or(broken)?,
        })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let Ok(rounds) = Params::new(self.rounds) else {
            return false;
        };
        let ordered = if self.wide {
            let made = sha512_crypt(password, &self.salt, rounds);
            in_order(&made, 21, <[usize]>::rotate_left, &[63])
        } else {
            let made = sha256_crypt(password, &self.salt, rounds);
            in_order(&made, 10, <[usize]>::rotate_right, &[30, 31])
        };
        ordered.ct_eq(&self.output).into()
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn rounds(&self) -> u32 {
        self.rounds
    }
}

/// Returns the bytes of a digest in the order in which SHA-crypt writes them: triples of one byte from each third,
/// rotated by `turn` from triple to triple, then the bytes at the positions `rest`.
fn in_order(made: &[u8], third: usize, turn: fn(&mut [usize], usize), rest: &[usize]) -> Vec<u8> {
    let threes = (0..third).flat_map(|at| {
        let mut three = [at, at + third, at + 2 * third];
        turn(&mut three, at % 3);
        // The last byte has the lowest bits, which are written first.
        [three[2], three[1], three[0]]
    });
    threes
        .chain(rest.iter().copied())
        .map(|at| made[at])
        .collect()
}

/// MD5-crypt by Poul-Henning Kamp, as in FreeBSD's `crypt-md5.c`: a thousand rounds.
pub(crate) struct Md5Crypt {
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Md5Crypt {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("MD5 crypt");
        let rest = text.strip_prefix("$1$").ok_or(broken)?;
        let (salt, output) = rest.split_once('$').ok_or(broken)?;
        if salt.len() > 8 {
            return Err(broken);
        }
        Ok(Self {
            salt: salt.as_bytes().to_vec(),
            output: decode(output, 16).ok_or(broken)?,
        })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let made = md5_crypt(password, &self.salt);
        let order = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
        let ordered = order.map(|at: usize| made[at]);
        ordered.ct_eq(&self.output[..]).into()
    }
}

fn md5_crypt(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let twice = Md5::new().chain_update(password).chain_update(salt);
    let twice = twice.chain_update(password).finalize();
    let mut first = Md5::new().chain_update(password).chain_update("$1$");
    first.update(salt);
    for piece in password.chunks(16) {
        first.update(&twice[..piece.len()]);
    }
    let mut length = password.len();
    while length > 0 {
        let odd = length % 2 == 1;
        first.update(if odd { &[0] } else { &password[..1] });
        length /= 2;
    }
    let mut made: [u8; 16] = first.finalize().into();
    for round in 0..1000 {
        let (odd, mut next) = (round % 2 == 1, Md5::new());
        next.update(if odd { password } else { &made });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if odd { &made } else { password });
        made = next.finalize().into();
    }
    made
}

fn decode(text: &str, length: usize) -> Option<Vec<u8>> {
    let bytes = CRYPT64.as_ref()?.decode(text.as_bytes()).ok()?;
    Some(bytes).filter(|bytes| bytes.len() == length)
}
