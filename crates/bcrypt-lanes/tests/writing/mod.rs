//! Writes hashes as text. The lanes compute them, so a reader that accepts them also checks the lanes.

use isogloss_bcrypt_lanes::{Cost, Key, outputs};

pub(crate) const PREFIXES: [&str; 4] = ["2a", "2b", "2x", "2y"];

const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(crate) fn write(prefix: &str, cost: u32, salt: [u8; 16], password: &[u8]) -> String {
    let bytes = &[password, &[0]].concat();
    let output = outputs(Cost::new(cost).unwrap(), &[Key { salt, bytes }])[0];
    let (salt, output) = (encode(&salt), encode(&output[..23]));
    format!("${prefix}${cost:02}${salt}{output}")
}

fn encode(bytes: &[u8]) -> String {
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0, |bits, byte| (bits << 8) | usize::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        let shifts = [18, 12, 6, 0].into_iter().take(group.len() + 1);
        shifts.map(move |shift| char::from(ALPHABET[(bits >> shift) % 64]))
    });
    groups.collect()
}
