//! A bcrypt computation with its expected output: checked alone, or together with others at the same cost.

use isogloss_bcrypt_lanes::{Cost, Key, outputs};
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq as _;

/// Bcrypt computes 24 bytes, and its format has room for 23.
pub(super) const OUTPUT_BYTES: usize = 23;

/// Some key, for a computation whose result does not matter.
const DECOY: &[u8] = b"decoy\0";

/// A password to be checked against a bcrypt hash.
pub(super) struct Lane {
    cost: u32,
    salt: [u8; 16],
    key: Zeroizing<Vec<u8>>,
    output: [u8; OUTPUT_BYTES],
}

impl Lane {
    pub(super) fn new(cost: u32, salt: [u8; 16], key: Vec<u8>, output: [u8; OUTPUT_BYTES]) -> Self {
        Self {
            cost,
            salt,
            key: Zeroizing::new(key),
            output,
        }
    }

    /// Returns a computation that takes as long as a real one, and does not match.
    pub(super) fn decoy(cost: u32) -> Self {
        Self::new(cost, [0; 16], DECOY.to_vec(), [0; OUTPUT_BYTES])
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Returns whether the key matches, by the `bcrypt` crate.
    pub(super) fn fits(&self) -> bool {
        self.is(&bcrypt::bcrypt(self.cost, self.salt, &self.key))
    }

    fn asked(&self) -> Key<'_> {
        Key {
            salt: self.salt,
            bytes: &self.key,
        }
    }

    fn is(&self, output: &[u8; 24]) -> bool {
        output[..OUTPUT_BYTES].ct_eq(&self.output).into()
    }
}

/// Returns whether each key matches. All must have the cost of the first one.
pub(super) fn fit(lanes: &[Lane]) -> Vec<bool> {
    let cost = lanes.first().and_then(|first| Cost::new(first.cost));
    let Some(cost) = cost else {
        return vec![false; lanes.len()];
    };
    let keys: Vec<_> = lanes.iter().map(Lane::asked).collect();
    let outputs = outputs(cost, &keys);
    let pairs = lanes.iter().zip(&outputs);
    pairs.map(|(lane, output)| lane.is(output)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_others_or_alone_the_same_fit() {
        let output = |key: &[u8]| {
            let made = bcrypt::bcrypt(4, [7; 16], key);
            *made.first_chunk().unwrap()
        };
        let lane = |key: &[u8], of: &[u8]| Lane::new(4, [7; 16], key.to_vec(), output(of));
        let lanes = [
            lane(b"a\0", b"a\0"),
            lane(b"a\0", b"b\0"),
            Lane::decoy(4),
            lane(b"c\0", b"c\0"),
            lane(b"d\0", b"c\0"),
        ];
        let fits = [true, false, false, true, false];
        assert_eq!(fit(&lanes), fits);
        assert_eq!(lanes.each_ref().map(Lane::fits), fits);
        assert!(fit(&[]).is_empty());
    }
}
