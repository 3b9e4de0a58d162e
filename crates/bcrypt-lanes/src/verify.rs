//! Passwords and the hashes that they may fit.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::cost::Cost;
use crate::malformed::Malformed;
use crate::outputs::{Key, LANES, outputs};
use crate::stored::Stored;

/// Bcrypt reads no further than this.
const LONGEST_PASSWORD_BYTES: usize = 72;

/// A password, and the hash that it may fit.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// Bytes after the 72nd do not count. A NUL is a byte like any other.
    pub password: &'a [u8],
    /// As `$2b$12$…`, or with `2a`, `2x` or `2y`, all of which are read alike.
    pub hash: &'a str,
}

/// Returns for each check whether the password matches its hash, in the order of `checks`, or an error if the hash
/// is malformed. There are one to [`LANES`] checks, which is checked at compile time. Hashes of one cost are
/// checked together.
pub fn verify<const N: usize>(checks: [Check<'_>; N]) -> [Result<bool, Malformed>; N] {
    const { assert!(0 < N && N <= LANES, "there are not as many lanes") };
    let mut answers = [Err(Malformed); N];
    answer(&checks, &mut answers);
    answers
}

/// Checks each password against its hash. Returns the results in the order of `checks`: whether the password
/// matches, or an error if the hash is malformed. Hashes of one cost are checked [`LANES`] at a time.
pub fn verify_all(checks: &[Check<'_>]) -> Vec<Result<bool, Malformed>> {
    let mut answers = vec![Err(Malformed); checks.len()];
    answer(checks, &mut answers);
    answers
}

/// A check whose hash was read.
struct Pending {
    /// Which of all checks it is.
    place: usize,
    stored: Stored,
    key: Zeroizing<Vec<u8>>,
}

/// Writes to `answers` whether the password of each check matches, in the order of `checks`. Leaves the result of
/// a check whose hash is malformed as it is. Lanes run in lock step, so hashes of one cost are checked together.
fn answer(checks: &[Check<'_>], answers: &mut [Result<bool, Malformed>]) {
    let pending = checks.iter().enumerate().filter_map(|(place, check)| {
        Some(Pending {
            place,
            stored: Stored::read(check.hash).ok()?,
            key: key(check.password),
        })
    });
    let mut pending: Vec<_> = pending.collect();
    pending.sort_by_key(Pending::cost);
    for alike in pending.chunk_by(|one, other| one.cost() == other.cost()) {
        let keys = alike.iter().map(Pending::key);
        let keys: Vec<_> = keys.collect();
        for (pending, output) in alike.iter().zip(outputs(alike[0].cost(), &keys)) {
            let stored = &pending.stored.output;
            answers[pending.place] = Ok(output[..stored.len()].ct_eq(stored).into());
        }
    }
}

impl Pending {
    fn cost(&self) -> Cost {
        self.stored.cost
    }

    /// Returns the salt of the hash, and the password with a NUL at its end, without bytes after the 72nd.
    fn key(&self) -> Key<'_> {
        Key {
            salt: self.stored.salt,
            bytes: &self.key,
        }
    }
}

/// Returns the password with a NUL at its end, without bytes after the 72nd. The memory is wiped when it is
/// dropped. It is allocated once, as growing would leave a copy behind.
fn key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(LONGEST_PASSWORD_BYTES));
    key.extend(password.iter().chain(&[0]).take(LONGEST_PASSWORD_BYTES));
    key
}
