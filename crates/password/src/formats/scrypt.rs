//! Scrypt in PHC strings, which passlib writes, too, and in crypt's: `$scrypt$ln=16,r=8,p=1$…$…`, `$7$…`.

use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq as _;

use super::fields::{CRYPT64, decode_base64, parse_parameters, split_fields};
use super::{HashError, check_lengths, check_limit};
use crate::cost_limits;

const BROKEN: HashError = HashError::Malformed("scrypt");

pub(crate) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// The costs as they are written in a hash.
pub(super) struct Costs {
    pub(super) log_n: u64,
    pub(super) r: u64,
    pub(super) p: u64,
}

impl Scrypt {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        if text.starts_with("$7$") {
            return Self::parse_crypt(text);
        }
        let [_, _, costs, salt, output] = split_fields(text).ok_or(BROKEN)?;
        let [log_n, r, p] = parse_parameters(costs, ["ln", "r", "p"]).ok_or(BROKEN)?;
        let salt = decode_base64(salt).ok_or(BROKEN)?;
        Self::new(
            &Costs { log_n, r, p },
            salt,
            decode_base64(output).ok_or(BROKEN)?,
        )
    }

    /// Parses the crypt format: `$7$`, one character of cost, five each of r and p, then the salt in clear text.
    /// Returns an error if a part is missing or above a limit.
    fn parse_crypt(text: &str) -> Result<Self, HashError> {
        let [_, _, rest, output] = split_fields(text).ok_or(BROKEN)?;
        let (costs, salt) = rest.split_at_checked(11).ok_or(BROKEN)?;
        let value = |bytes: &[u8]| {
            let symbols = &CRYPT64.as_ref()?.specification().symbols;
            let mut digits = bytes.iter().rev();
            digits.try_fold(0, |value, digit| {
                let digit = symbols.find(char::from(*digit))?;
                Some((value << 6) | digit as u64)
            })
        };
        // Sliced as bytes: a character that is not ASCII may be cut in half.
        let costs = costs.as_bytes();
        let costs = Costs {
            log_n: value(&costs[..1]).ok_or(BROKEN)?,
            r: value(&costs[1..6]).ok_or(BROKEN)?,
            p: value(&costs[6..]).ok_or(BROKEN)?,
        };
        let decode = |text: &str| CRYPT64.as_ref()?.decode(text.as_bytes()).ok();
        let output = decode(output).filter(|output| output.len() == 32);
        Self::new(&costs, salt.as_bytes().to_vec(), output.ok_or(BROKEN)?)
    }

    pub(super) fn new(costs: &Costs, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, HashError> {
        let Costs { log_n, r, p } = *costs;
        check_limit("a scrypt r", r, cost_limits::SCRYPT_R)?;
        check_limit("a scrypt p", p, cost_limits::SCRYPT_P)?;
        let n = u32::try_from(log_n)
            .ok()
            .and_then(|log_n| 1_u64.checked_shl(log_n));
        let n = n.unwrap_or(u64::MAX);
        // Each of the N blocks has 128 bytes for each r.
        let memory = n.saturating_mul(r) / 8;
        check_limit("a scrypt memory in KiB", memory, cost_limits::MEMORY_KIB)?;
        let work = n.saturating_mul(r).saturating_mul(p);
        check_limit("a scrypt N, times r and p,", work, cost_limits::SCRYPT_WORK)?;
        check_lengths("scrypt", &salt, &output)?;
        let small = |number: u64| u32::try_from(number).map_err(|_| BROKEN);
        let log_n = u8::try_from(log_n)
            .ok()
            .filter(|log_n| *log_n > 0)
            .ok_or(BROKEN)?;
        let params = Params::new(log_n, small(r)?, small(p)?).map_err(|_| BROKEN)?;
        Ok(Self {
            params,
            salt,
            output,
        })
    }

    pub(super) fn weakness(&self) -> Option<&'static str> {
        let work = self.params.n() * u64::from(self.params.r()) * u64::from(self.params.p()) / 8;
        (work < cost_limits::STRONG_WORK_KIB).then_some("scrypt with less than 1 MiB to go through")
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let made = scrypt(password, &self.salt, &self.params, &mut output);
        made.is_ok() && output.ct_eq(&self.output).into()
    }
}
