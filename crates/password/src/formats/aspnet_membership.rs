//! ASP.NET Membership: `$aspnet-membership$sha1$SALT$HASH`.
//!
//! Salt and hash are in Base64, as in the columns `PasswordSalt` and `Password` of `aspnet_Membership`. They
//! come from `EncodePassword()` of `SqlMembershipProvider`.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{HashError, check_lengths};

/// The length of the key of .NET's `HMACSHA256`, to which the salt is repeated or cut.
const KEY_BYTES: usize = 64;
const BROKEN: HashError = HashError::Malformed("ASP.NET Membership");

pub(crate) struct Membership {
    algorithm: Algorithm,
    salt: Vec<u8>,
    output: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Sha1,
    Sha256,
    HmacSha256,
}

impl Membership {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let fields: Vec<_> = text.split('$').collect();
        let [_, _, algorithm, salt, output] = fields[..] else {
            return Err(BROKEN);
        };
        let (algorithm, length) = match algorithm {
            "sha1" => (Algorithm::Sha1, 20),
            "sha256" => (Algorithm::Sha256, 32),
            "hmacsha256" => (Algorithm::HmacSha256, 32),
            _ => return Err(BROKEN),
        };
        let decode = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| BROKEN);
        let (salt, output) = (decode(salt)?, decode(output)?);
        if salt.is_empty() || output.len() != length {
            return Err(BROKEN);
        }
        check_lengths("ASP.NET Membership", &salt, &output)?;
        Ok(Self {
            algorithm,
            salt,
            output,
        })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let salted = || [&self.salt, &password[..]].concat();
        let output = match self.algorithm {
            Algorithm::Sha1 => Sha1::digest(salted()).to_vec(),
            Algorithm::Sha256 => Sha256::digest(salted()).to_vec(),
            Algorithm::HmacSha256 => {
                let key: Vec<u8> = self.salt.iter().copied().cycle().take(KEY_BYTES).collect();
                let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else {
                    return false;
                };
                mac.chain_update(&password).finalize().into_bytes().to_vec()
            }
        };
        output.ct_eq(&self.output).into()
    }
}
