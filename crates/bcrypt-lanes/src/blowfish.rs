//! Blowfish, in several lanes side by side.
//!
//! Each round waits for what it looked up in the boxes, and the next one waits for it: a core spends
//! most of its time waiting. Rounds of other ciphers, which wait for other things, fit in between.

use std::iter::zip;

use zeroize::{Zeroize as _, ZeroizeOnDrop};

use crate::pi::{BOXES, SUBKEYS};

/// What is enciphered at a time, in halves.
pub(crate) type Block = [u32; 2];

/// The 18 words that are mixed into the subkeys.
pub(crate) type Schedule = [u32; 18];

/// One cipher: what a key made of the digits of pi.
struct Tables {
    subkeys: [u32; 18],
    boxes: [[u32; 256]; 4],
}

/// As many ciphers as there are lanes. They are wiped in the end.
pub(crate) struct Lanes<const N: usize>([Tables; N]);

impl Tables {
    /// Returns the round function (F) of one half of a block.
    #[inline]
    fn scramble(&self, half: u32) -> u32 {
        let [first, second, third, fourth] = &self.boxes;
        let [d, c, b, a] = half.to_le_bytes().map(usize::from);
        (first[a].wrapping_add(second[b]) ^ third[c]).wrapping_add(fourth[d])
    }
}

impl<const N: usize> Lanes<N> {
    /// Returns the state that Blowfish begins with, before a key is mixed in.
    pub(crate) fn new() -> Self {
        Self(
            [const {
                Tables {
                    subkeys: SUBKEYS,
                    boxes: BOXES,
                }
            }; N],
        )
    }

    /// Replaces the block of each lane by its encryption with the tables of that lane. The rounds are in the outer
    /// loop, so that the lanes run in lock step.
    #[inline]
    pub(crate) fn encipher(&self, blocks: &mut [Block; N]) {
        for round in 0..8 {
            for (tables, [left, right]) in zip(&self.0, &mut *blocks) {
                *left ^= tables.subkeys[2 * round];
                *right ^= tables.subkeys[2 * round + 1];
                *right ^= tables.scramble(*left);
            }
            for (tables, [left, right]) in zip(&self.0, &mut *blocks) {
                *left ^= tables.scramble(*right);
            }
        }
        for (tables, block) in zip(&self.0, blocks) {
            let [left, right] = *block;
            *block = [right ^ tables.subkeys[17], left ^ tables.subkeys[16]];
        }
    }

    /// Mixes the words of each schedule into the subkeys of its lane, by exclusive or.
    pub(crate) fn mix(&mut self, schedules: &[Schedule; N]) {
        for (tables, schedule) in zip(&mut self.0, schedules) {
            for (subkey, word) in zip(&mut tables.subkeys, schedule) {
                *subkey ^= word;
            }
        }
    }

    /// Replaces all tables by their own encryption. Each block is the encryption of the block before, the first
    /// one of zeros. Before each encryption, `stir` changes the blocks of all lanes; it receives the number of the
    /// block, from 0.
    #[inline]
    pub(crate) fn refill(&mut self, stir: impl Fn(usize, &mut [Block; N])) {
        let mut blocks = [[0; 2]; N];
        for number in 0..9 {
            stir(number, &mut blocks);
            self.encipher(&mut blocks);
            for (tables, block) in zip(&mut self.0, &blocks) {
                tables.subkeys[2 * number..][..2].copy_from_slice(block);
            }
        }
        for nth in 0..4 {
            for number in 0..128 {
                stir(9 + number, &mut blocks);
                self.encipher(&mut blocks);
                for (tables, block) in zip(&mut self.0, &blocks) {
                    tables.boxes[nth][2 * number..][..2].copy_from_slice(block);
                }
            }
        }
    }
}

impl<const N: usize> Drop for Lanes<N> {
    fn drop(&mut self) {
        for tables in &mut self.0 {
            tables.subkeys.zeroize();
            tables.boxes.zeroize();
        }
    }
}

impl<const N: usize> ZeroizeOnDrop for Lanes<N> {}
