//! New bcrypt hashes, whose computation can be a lane among others.

use isogloss_bcrypt_lanes::{Cost, hash_text};
use secrecy::SecretString;

use crate::bcrypt_lane::{BcryptLane, BcryptOutput};
use crate::error::{HashingError, InvalidPassword};
use crate::formats::{LONGEST_BCRYPT_BYTES, bcrypt_key};

/// A hash that has a salt already, and is written once its output is computed.
pub(super) struct NewHash {
    cost: Cost,
    salt: [u8; 16],
}

impl NewHash {
    /// Returns a new hash with a random salt, and the computation of its output. Fails if the system gives no random
    /// salt. The password must be one that [`check_new_password`] accepts.
    pub(super) fn begin(password: &str, cost: Cost) -> Result<(Self, BcryptLane), HashingError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)
            .map_err(|error| HashingError::Unavailable(format!("no random salt: {error}")))?;
        let lane = BcryptLane::new(cost, salt, bcrypt_key(password.as_bytes()));
        Ok((Self { cost, salt }, lane))
    }

    /// Returns the hash as text.
    pub(super) fn text(&self, output: &BcryptOutput) -> SecretString {
        hash_text(self.cost, self.salt, output).into()
    }
}

/// Checks that bcrypt can hash the password as a whole.
///
/// # Errors
///
/// [`InvalidPassword`] if it cannot.
pub fn check_new_password(password: &str) -> Result<(), InvalidPassword> {
    if password.is_empty() {
        Err(InvalidPassword::Empty)
    } else if password.len() > LONGEST_BCRYPT_BYTES {
        Err(InvalidPassword::TooLong)
    } else if password.contains('\0') {
        Err(InvalidPassword::Nul)
    } else {
        Ok(())
    }
}
