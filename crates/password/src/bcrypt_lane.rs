//! A bcrypt computation with its expected output: checked alone, or together with others at the same cost.

use isogloss_bcrypt_lanes::{Cost, Key, outputs};
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq as _;

/// Bcrypt computes 24 bytes, and its format has room for 23.
pub(super) const OUTPUT_BYTES: usize = 23;

/// Some key, for a computation whose result does not matter.
const DECOY: &[u8] = b"decoy\0";

/// A password to be checked against a bcrypt hash.
pub(super) struct BcryptLane {
    cost: u32,
    salt: [u8; 16],
    key: Zeroizing<Vec<u8>>,
    output: [u8; OUTPUT_BYTES],
}

impl BcryptLane {
    pub(super) fn new(cost: u32, salt: [u8; 16], key: Vec<u8>, output: [u8; OUTPUT_BYTES]) -> Self {
        Self {
            cost,
            salt,
            key: Zeroizing::new(key),
            output,
        }
    }

    /// Returns a computation that takes as long as the check of a bcrypt hash at that cost, and matches no
    /// password.
    pub(super) fn decoy(cost: u32) -> Self {
        Self::new(cost, [0; 16], DECOY.to_vec(), [0; OUTPUT_BYTES])
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Returns whether the key has the expected output, computed alone by the `bcrypt` crate.
    pub(super) fn verify(&self) -> bool {
        self.matches(&bcrypt::bcrypt(self.cost, self.salt, &self.key))
    }

    fn as_key(&self) -> Key<'_> {
        Key {
            salt: self.salt,
            bytes: &self.key,
        }
    }

    fn matches(&self, output: &[u8; 24]) -> bool {
        output[..OUTPUT_BYTES].ct_eq(&self.output).into()
    }
}

/// Computes all lanes together, and returns for each whether its key has the expected output. All lanes must
/// have the cost of the first one; if bcrypt has no such cost, none matches.
pub(super) fn verify_all(lanes: &[BcryptLane]) -> Vec<bool> {
    let cost = lanes.first().and_then(|first| Cost::new(first.cost));
    let Some(cost) = cost else {
        return vec![false; lanes.len()];
    };
    let keys: Vec<_> = lanes.iter().map(BcryptLane::as_key).collect();
    let outputs = outputs(cost, &keys);
    let pairs = lanes.iter().zip(&outputs);
    pairs.map(|(lane, output)| lane.matches(output)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_alone_and_together_agree() {
        let output = |key: &[u8]| {
            let made = bcrypt::bcrypt(4, [7; 16], key);
            *made.first_chunk().unwrap()
        };
        let lane = |key: &[u8], of: &[u8]| BcryptLane::new(4, [7; 16], key.to_vec(), output(of));
        let lanes = [
            lane(b"a\0", b"a\0"),
            lane(b"a\0", b"b\0"),
            BcryptLane::decoy(4),
            lane(b"c\0", b"c\0"),
            lane(b"d\0", b"c\0"),
        ];
        let expected = [true, false, false, true, false];
        assert_eq!(verify_all(&lanes), expected);
        assert_eq!(lanes.each_ref().map(BcryptLane::verify), expected);
        assert!(verify_all(&[]).is_empty());
    }
}
