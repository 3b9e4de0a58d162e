//! Bcrypt computations: alone, or together with others at the same cost.

use isogloss_bcrypt_lanes::{Cost, Key, Output, outputs};
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq as _;

/// Bcrypt computes 24 bytes, and its format has room for 23.
pub(super) const OUTPUT_BYTES: usize = 23;

/// Some key, for a computation whose result does not matter.
const DECOY: &[u8] = b"decoy\0";

/// What bcrypt computed of a password.
pub(super) type BcryptOutput = Zeroizing<Output>;

/// A password to be computed, for a check or for a new hash.
pub(super) struct BcryptLane {
    cost: Cost,
    salt: [u8; 16],
    key: Zeroizing<Vec<u8>>,
}

impl BcryptLane {
    /// Returns the computation of a key: a password and the NUL at its end, or its first 72 bytes.
    pub(super) fn new(cost: Cost, salt: [u8; 16], key: Vec<u8>) -> Self {
        let key = Zeroizing::new(key);
        Self { cost, salt, key }
    }

    /// Returns a computation that takes as long as that of any password at that cost.
    pub(super) fn decoy(cost: Cost) -> Self {
        Self::new(cost, [0; 16], DECOY.to_vec())
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// Returns the output, computed alone by the `bcrypt` crate.
    pub(super) fn compute(&self) -> BcryptOutput {
        let output = bcrypt::bcrypt(self.cost.log2(), self.salt, &self.key);
        Zeroizing::new(output)
    }

    fn as_key(&self) -> Key<'_> {
        Key {
            salt: self.salt,
            bytes: &self.key,
        }
    }
}

/// Computes all lanes together, and returns their outputs in the same order. All lanes must have the cost of the
/// first one.
pub(super) fn compute_all(lanes: &[BcryptLane]) -> Vec<BcryptOutput> {
    let Some(first) = lanes.first() else {
        return Vec::new();
    };
    let keys: Vec<_> = lanes.iter().map(BcryptLane::as_key).collect();
    let outputs = outputs(first.cost, &keys);
    outputs.into_iter().map(Zeroizing::new).collect()
}

/// A password to be checked against a bcrypt hash.
pub(super) struct BcryptCheck {
    pub(super) lane: BcryptLane,
    pub(super) expected: ExpectedOutput,
}

/// The output that is part of a bcrypt hash.
#[derive(Clone, Copy)]
pub(super) struct ExpectedOutput(pub(super) [u8; OUTPUT_BYTES]);

impl BcryptCheck {
    /// Returns whether the password matches, computed alone.
    pub(super) fn verify(&self) -> bool {
        self.expected.is(&self.lane.compute())
    }
}

impl ExpectedOutput {
    /// Returns whether this output is expected, in a time that does not depend on where they differ.
    pub(super) fn is(&self, output: &BcryptOutput) -> bool {
        output[..OUTPUT_BYTES].ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_alone_and_together_agree() {
        let cost = Cost::new(4).unwrap();
        let lane = |key: &[u8]| BcryptLane::new(cost, [7; 16], key.to_vec());
        let lanes = [
            lane(b"a\0"),
            lane(b"b\0"),
            BcryptLane::decoy(cost),
            lane(b"c\0"),
            lane(b"a\0"),
        ];
        let alone = lanes.each_ref().map(BcryptLane::compute);
        assert_eq!(compute_all(&lanes), alone);
        assert_eq!(alone[0], alone[4]);
        assert_ne!(alone[0], alone[1]);
        assert!(compute_all(&[]).is_empty());
    }
}
