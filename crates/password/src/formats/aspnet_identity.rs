//! ASP.NET Identity, versions 2 and 3: a Base64 blob that begins with its version.

use data_encoding::BASE64;

use super::pbkdf2::{Pbkdf2, Prf};
use super::{Hash, HashError};

/// The header of version 3: version, PRF, iterations, length of the salt.
const HEADER_BYTES: usize = 13;

/// The minimum length of salt and subkey.
const LEAST_BYTES: usize = 16;

pub(super) fn parse(text: &str) -> Result<Hash, HashError> {
    let blob = BASE64
        .decode(text.as_bytes())
        .map_err(|_| HashError::Unknown)?;
    match blob.first() {
        Some(0) if blob.len() == 49 => {
            let (salt, subkey) = blob[1..].split_at(16);
            Pbkdf2::new(Prf::Sha1, 1000, salt.to_vec(), subkey.to_vec()).map(Hash::Pbkdf2)
        }
        Some(1) => version_3(&blob),
        _ => Err(HashError::Unknown),
    }
}

fn version_3(blob: &[u8]) -> Result<Hash, HashError> {
    let broken = HashError::Malformed("ASP.NET Identity");
    let (header, rest) = blob.split_at_checked(HEADER_BYTES).ok_or(broken)?;
    let number = |at: usize| {
        let bytes = header[at..].first_chunk().copied();
        bytes.map(u32::from_be_bytes).ok_or(broken)
    };
    let prf = match number(1)? {
        0 => Prf::Sha1,
        1 => Prf::Sha256,
        2 => Prf::Sha512,
        _ => return Err(broken),
    };
    let length = usize::try_from(number(9)?).map_err(|_| broken)?;
    let (salt, subkey) = rest.split_at_checked(length).ok_or(broken)?;
    if salt.len() < LEAST_BYTES || subkey.len() < LEAST_BYTES {
        return Err(broken);
    }
    Pbkdf2::new(prf, number(5)?.into(), salt.to_vec(), subkey.to_vec()).map(Hash::Pbkdf2)
}
