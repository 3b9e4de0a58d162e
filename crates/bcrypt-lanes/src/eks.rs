//! Bcrypt in lanes: Blowfish with a key schedule that is expensive on purpose ("eksblowfish"), and a
//! text that is enciphered with it. After Provos and Mazières, "A Future-Adaptable Password Scheme",
//! USENIX 1999.

use std::iter::zip;

use zeroize::Zeroizing;

use crate::blowfish::{Block, Lanes, Schedule};
use crate::cost::Cost;

/// Bcrypt makes so much of a password. Its text format has room for the first 23.
pub type Output = [u8; 24];

/// It reads `OrpheanBeholderScryDoubt`.
const TEXT: [Block; 3] = [
    [0x4f72_7068, 0x6561_6e42],
    [0x6568_6f6c, 0x6465_7253],
    [0x6372_7944, 0x6f75_6274],
];

/// Returns the bytes of a key or salt as words, repeated cyclically. An empty one counts as a single NUL.
pub(crate) fn schedule(bytes: &[u8]) -> Schedule {
    let bytes = if bytes.is_empty() { &[0] } else { bytes };
    let mut bytes = bytes.iter().cycle();
    std::array::from_fn(|_| {
        let bytes = bytes.by_ref().take(4);
        bytes.fold(0, |word, byte| (word << 8) | u32::from(*byte))
    })
}

/// Returns the bcrypt output of each lane, for the key and the salt of that lane. All lanes go through all rounds,
/// whatever is in them.
pub(crate) fn run<const N: usize>(
    cost: Cost,
    keys: &[Schedule; N],
    salts: &[Schedule; N],
) -> [Output; N] {
    let mut lanes = Lanes::new();
    lanes.mix(keys);
    lanes.refill(|number, blocks| {
        // The salt is four words long, two of them for every other block.
        let word = number % 2 * 2;
        for ([left, right], salt) in zip(blocks, salts) {
            *left ^= salt[word];
            *right ^= salt[word + 1];
        }
    });
    for _ in 0..cost.turns() {
        for words in [keys, salts] {
            lanes.mix(words);
            lanes.refill(|_, _| ());
        }
    }
    let mut outputs = [[0; 24]; N];
    for (nth, text) in TEXT.into_iter().enumerate() {
        let mut blocks = Zeroizing::new([text; N]);
        for _ in 0..64 {
            lanes.encipher(&mut blocks);
        }
        for (output, [left, right]) in zip(&mut outputs, &*blocks) {
            output[8 * nth..][..4].copy_from_slice(&left.to_be_bytes());
            output[8 * nth + 4..][..4].copy_from_slice(&right.to_be_bytes());
        }
    }
    outputs
}
