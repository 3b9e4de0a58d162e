//! The number of different users, without remembering which.
//!
//! Up to [`EXACT`] members are counted exactly. Beyond that, the sketch is a `HyperLogLog` of 1,024 registers,
//! read by Ertl's estimator (arXiv:1702.01284), with a standard error of 3.25 %. It is implemented here and not
//! taken from a library, because later releases must be able to read stored sketches, which are also checked
//! when they are read: libraries store their memory as it is.

/// The maximum number of members that are counted exactly.
const EXACT: usize = 128;

/// Bits that choose the register.
const PRECISION: u32 = 10;
const REGISTERS: usize = 1 << PRECISION;
/// The highest value of a register.
const HIGHEST: u8 = 64 - 10 + 1;

/// The first byte of a stored sketch.
const LISTED: u8 = 1;
const COUNTED: u8 = 2;

/// A set of which only the size is known. Its members are hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardinalitySketch(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// The hashes, in ascending order.
    Listed(Vec<u64>),
    Counted(Box<[u8]>),
}

impl Default for CardinalitySketch {
    fn default() -> Self {
        Self(Form::Listed(Vec::new()))
    }
}

impl CardinalitySketch {
    /// Returns `true` if the set has no members.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Form::Listed(hashes) if hashes.is_empty())
    }

    /// Adds a member by its hash, all of whose bits must be random.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            Form::Listed(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else {
                    return;
                };
                hashes.insert(place, hash);
                if hashes.len() > EXACT {
                    let mut registers = vec![0; REGISTERS].into_boxed_slice();
                    for hash in hashes {
                        note(&mut registers, *hash);
                    }
                    self.0 = Form::Counted(registers);
                }
            }
            Form::Counted(registers) => note(registers, hash),
        }
    }

    /// Adds all members of `other` to this set.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, Form::Listed(hashes)) => {
                for hash in hashes {
                    self.insert(*hash);
                }
            }
            (Form::Counted(ours), Form::Counted(theirs)) => {
                for (ours, theirs) in ours.iter_mut().zip(theirs) {
                    *ours = (*ours).max(*theirs);
                }
            }
            (Form::Listed(hashes), Form::Counted(theirs)) => {
                let mut registers = theirs.clone();
                for hash in hashes {
                    note(&mut registers, *hash);
                }
                self.0 = Form::Counted(registers);
            }
        }
    }

    /// Returns the number of members: exact for up to 128 members, an estimate beyond.
    pub fn count(&self) -> u64 {
        match &self.0 {
            Form::Listed(hashes) => hashes.len() as u64,
            Form::Counted(registers) => estimate(registers),
        }
    }

    /// Returns the sketch encoded for storage.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Form::Listed(hashes) => {
                let bytes = hashes.iter().flat_map(|hash| hash.to_be_bytes());
                std::iter::once(LISTED).chain(bytes).collect()
            }
            Form::Counted(registers) => std::iter::once(COUNTED)
                .chain(registers.iter().copied())
                .collect(),
        }
    }

    /// Decodes a stored sketch. Returns `None` if the bytes are not a sketch.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, bytes) = bytes.split_first()?;
        match *form {
            LISTED => {
                let (hashes, rest) = bytes.as_chunks::<8>();
                let mut sketch = Self::default();
                for hash in hashes {
                    sketch.insert(u64::from_be_bytes(*hash));
                }
                rest.is_empty().then_some(sketch)
            }
            COUNTED => {
                let fits = bytes.len() == REGISTERS && bytes.iter().all(|&r| r <= HIGHEST);
                fits.then(|| Self(Form::Counted(bytes.into())))
            }
            _ => None,
        }
    }
}

/// Raises the register that the first bits of `hash` choose to the number of zeros after them, plus one, if that
/// is more.
fn note(registers: &mut [u8], hash: u64) {
    let chosen = usize::try_from(hash >> (64 - PRECISION)).unwrap_or_default();
    let zeros = (hash << PRECISION).leading_zeros().min(64 - PRECISION);
    let rank = u8::try_from(zeros + 1).unwrap_or(HIGHEST);
    if let Some(register) = registers.get_mut(chosen) {
        *register = (*register).max(rank);
    }
}

/// Returns the estimated number of members, rounded, by Ertl's improved raw estimator.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an estimate is a positive number, and rounded"
)]
fn estimate(registers: &[u8]) -> u64 {
    let mut with = [0_u32; HIGHEST as usize + 1];
    for register in registers {
        with[usize::from(*register)] += 1;
    }
    let all = REGISTERS as f64;
    let mut sum = all * tau(1.0 - f64::from(with[usize::from(HIGHEST)]) / all);
    for count in with[1..usize::from(HIGHEST)].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += all * sigma(f64::from(with[0]) / all);
    (all * all / (2.0 * std::f64::consts::LN_2) / sum).round() as u64
}

#[expect(clippy::float_cmp, reason = "it converges to the last bit")]
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

#[expect(clippy::float_cmp, reason = "it converges to the last bit")]
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn hash(number: u64) -> u64 {
        let digest = Sha256::digest(number.to_be_bytes());
        u64::from_be_bytes(digest[..8].try_into().unwrap())
    }

    fn of(numbers: std::ops::Range<u64>) -> CardinalitySketch {
        let mut sketch = CardinalitySketch::default();
        for number in numbers {
            sketch.insert(hash(number));
        }
        sketch
    }

    #[test]
    fn few_are_counted_exactly() {
        for count in [0, 1, 2, 127, 128] {
            let mut sketch = of(0..count);
            sketch.merge(&of(0..count));
            assert_eq!(sketch.count(), count);
        }
    }

    #[test]
    fn many_are_counted_within_three_standard_errors() {
        for count in [129, 500, 2_000, 5_000, 50_000, 300_000] {
            let counted = of(0..count).count();
            let allowed = count / 10;
            assert!(counted.abs_diff(count) <= allowed, "{count}: {counted}");
        }
    }

    #[test]
    fn parts_add_up_to_the_whole_in_any_order() {
        for (one, other) in [
            (0..100, 50..120),
            (0..100, 50..900),
            (0..900, 50..100),
            (0..900, 500..1_500),
        ] {
            let mut forth = of(one.clone());
            forth.merge(&of(other.clone()));
            let mut back = of(other.clone());
            back.merge(&of(one.clone()));
            assert_eq!(forth, back);
            assert_eq!(forth, of(one.start..other.end.max(one.end)));
        }
    }

    #[test]
    fn what_is_stored_is_read_and_nothing_else_is() {
        for sketch in [of(0..0), of(0..7), of(0..1_000)] {
            assert_eq!(
                CardinalitySketch::from_bytes(&sketch.to_bytes()),
                Some(sketch)
            );
        }
        let too_high = [&[COUNTED][..], &[HIGHEST + 1; REGISTERS]].concat();
        for other in [&[][..], &[0], &[LISTED, 1], &[COUNTED, 1], &too_high] {
            assert_eq!(CardinalitySketch::from_bytes(other), None);
        }
    }
}
