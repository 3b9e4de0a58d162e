//! Argon2id and argon2i, as PHC strings: `$argon2id$v=19$m=65536,t=3,p=4$…$…`.

use argon2::{Algorithm, Params, Version};
use subtle::ConstantTimeEq as _;

use super::fields::{decode_base64, parse_parameters};
use super::{HashError, check_lengths, check_limit};
use crate::cost_limits;

pub(crate) struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Argon2 {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let broken = HashError::Malformed("argon2");
        let mut fields = text.split('$').skip(1);
        let mut next = || fields.next().ok_or(broken);
        let algorithm = match next()? {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            _ => return Err(broken),
        };
        let mut costs = next()?;
        // Strings of the first version have no version field.
        let mut version = Version::V0x10;
        if let Some(named) = costs.strip_prefix("v=") {
            version = match named {
                "16" => Version::V0x10,
                "19" => Version::V0x13,
                _ => return Err(broken),
            };
            costs = next()?;
        }
        let [memory, passes, lanes] = parse_parameters(costs, ["m", "t", "p"]).ok_or(broken)?;
        let salt = decode_base64(next()?).ok_or(broken)?;
        let output = decode_base64(next()?).ok_or(broken)?;
        if next().is_ok() {
            return Err(broken);
        }
        check_limit("an argon2 memory in KiB", memory, cost_limits::MEMORY_KIB)?;
        check_limit("argon2 passes", passes, cost_limits::ARGON2_PASSES)?;
        check_limit("argon2 lanes", lanes, cost_limits::ARGON2_LANES)?;
        let work = memory.saturating_mul(passes);
        check_limit(
            "an argon2 memory in KiB, times passes,",
            work,
            cost_limits::ARGON2_WORK_KIB,
        )?;
        check_lengths("argon2", &salt, &output)?;
        let small = |number: u64| u32::try_from(number).map_err(|_| broken);
        let (memory, passes, lanes) = (small(memory)?, small(passes)?, small(lanes)?);
        let params = Params::new(memory, passes, lanes, Some(output.len()));
        Ok(Self {
            algorithm,
            version,
            params: params.map_err(|_| broken)?,
            salt: Some(salt)
                .filter(|salt| salt.len() >= argon2::MIN_SALT_LEN)
                .ok_or(broken)?,
            output,
        })
    }

    pub(super) fn weakness(&self) -> Option<&'static str> {
        let work = u64::from(self.params.m_cost()) * u64::from(self.params.t_cost());
        (work < cost_limits::STRONG_WORK_KIB).then_some("argon2 with less than 1 MiB to go through")
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let argon2 = argon2::Argon2::new(self.algorithm, self.version, self.params.clone());
        let mut output = vec![0; self.output.len()];
        let made = argon2.hash_password_into(password, &self.salt, &mut output);
        made.is_ok() && output.ct_eq(&self.output).into()
    }
}
