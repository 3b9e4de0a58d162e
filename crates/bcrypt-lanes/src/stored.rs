//! Hashes as they are stored: `$2b$12$`, 22 characters of salt, 31 of what bcrypt made.

use crate::cost::Cost;
use crate::eks::Output;
use crate::malformed::Malformed;
use crate::radix64::{decode, encode};

/// The output has 24 bytes, and the text of a hash has room for 23.
const WRITTEN_BYTES: usize = 23;

/// Returns a new hash as text, `$2b$12$…`, from the [output](crate::outputs()) of a password at that cost with that
/// salt. The salt must be random, and new for each hash.
#[must_use]
pub fn hash_text(cost: Cost, salt: [u8; 16], output: &Output) -> String {
    let (salt, output) = (encode(&salt), encode(&output[..WRITTEN_BYTES]));
    format!("$2b${:02}${salt}{output}", cost.log2())
}

/// A hash that can be checked.
pub(crate) struct Stored {
    pub(crate) cost: Cost,
    pub(crate) salt: [u8; 16],
    pub(crate) output: [u8; WRITTEN_BYTES],
}

impl Stored {
    /// Parses a hash. Fails for every text that the `bcrypt` crate rejects, and for no other.
    pub(crate) fn read(text: &str) -> Result<Self, Malformed> {
        Self::read_if_whole(text).ok_or(Malformed)
    }

    fn read_if_whole(text: &str) -> Option<Self> {
        let text = text.strip_prefix("$2")?;
        let text = text.strip_prefix(['a', 'b', 'x', 'y'])?;
        let (cost, text) = text.strip_prefix('$')?.split_at_checked(2)?;
        let (salt, output) = text.strip_prefix('$')?.split_at_checked(22)?;
        Some(Self {
            cost: Cost::new(cost.parse().ok()?)?,
            salt: decode(salt.as_bytes())?,
            output: decode(output.as_bytes())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT_AND_OUTPUT: &str = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    #[test]
    fn costs_are_those_that_bcrypt_has() {
        for cost in 0..100 {
            let stored = Stored::read(&format!("$2b${cost:02}${SALT_AND_OUTPUT}"));
            let read = stored.ok().map(|stored| stored.cost.log2());
            assert_eq!(read, (4..=31).contains(&cost).then_some(cost));
        }
        for cost in ["", "5", "005", "-5", "5 ", " 5", "٥"] {
            assert!(Stored::read(&format!("$2b${cost}${SALT_AND_OUTPUT}")).is_err());
        }
    }

    #[test]
    fn all_of_it_is_read() {
        let stored = Stored::read(&format!("$2y$05${SALT_AND_OUTPUT}"));
        let stored = stored.ok().unwrap();
        assert_eq!(stored.salt[..4], [0x10, 0x41, 0x04, 0x10]);
        assert_eq!(stored.salt[15], 0x10);
        assert_eq!(stored.output[..3], [0x1b, 0xb6, 0x91]);
    }
}
