//! What bcrypt makes of keys, as many at once as is fastest.

use zeroize::Zeroizing;

use crate::cost::Cost;
use crate::eks::{Output, run, schedule};

/// How many keys are worked on at once. Four were the fastest of one to four.
pub const LANES: usize = 4;

/// What bcrypt is asked for.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// Random, different for each hash.
    pub salt: [u8; 16],
    /// A password and the NUL that ends it. Bytes after the 72nd do not count; fewer are gone through
    /// over and over, so that without the NUL `aa` would be the same as `a`. None at all are as a NUL.
    pub bytes: &'a [u8],
}

/// Computes the bcrypt output of each key, [`LANES`] at a time, and returns them in the order of the keys.
/// For callers that parse hashes themselves; [`verify_all`](crate::verify_all) does both.
pub fn outputs(cost: Cost, keys: &[Key<'_>]) -> Vec<Output> {
    let runs = keys.chunks(LANES);
    runs.flat_map(|keys| at_once(cost, keys)).collect()
}

/// Returns the bcrypt output of each key, in the order of the keys. Not generic, so that the code is compiled, and
/// optimised, with this crate.
fn at_once(cost: Cost, keys: &[Key<'_>]) -> Vec<Output> {
    match keys {
        [] => Vec::new(),
        [a] => of_keys(cost, [a]).to_vec(),
        [a, b] => of_keys(cost, [a, b]).to_vec(),
        [a, b, c] => of_keys(cost, [a, b, c]).to_vec(),
        [a, b, c, d, rest @ ..] => {
            let mut outputs = of_keys(cost, [a, b, c, d]).to_vec();
            outputs.extend(at_once(cost, rest));
            outputs
        }
    }
}

fn of_keys<const N: usize>(cost: Cost, keys: [&Key<'_>; N]) -> [Output; N] {
    let passwords = Zeroizing::new(keys.map(|key| schedule(key.bytes)));
    let salts = keys.map(|key| schedule(&key.salt));
    run(cost, &passwords, &salts)
}
