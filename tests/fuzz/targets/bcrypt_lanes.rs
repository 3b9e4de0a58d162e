//! Hashes and passwords on alternate lines, all checked at once: the `bcrypt` crate says the same of each.
//! A line that begins no hash is the salt of one that the crate makes of the password.
#![no_main]

use bcrypt::{Version, hash_with_salt};
use isogloss_bcrypt_lanes::{Check, LANES, Malformed, verify_all};
use libfuzzer_sys::fuzz_target;

/// With one more, some lanes are filled twice.
const MOST: usize = LANES;
const COST: u32 = 4;

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    let tries = lines.chunks(2).take(MOST).map(|lines| {
        let password = lines.get(1).copied().unwrap_or_default();
        let (hash, expected) =
            given(lines[0], password).unwrap_or_else(|| made(lines[0], password));
        (hash, password, expected)
    });
    let mut tries: Vec<_> = tries.collect();
    // Once more a hash with the password of another.
    let (hash, password) = (tries[0].0.clone(), tries[tries.len() - 1].1);
    let expected = of_the_crate(&hash, password);
    tries.push((hash, password, expected));
    let checks = tries
        .iter()
        .map(|(hash, password, _)| Check { password, hash });
    let checks: Vec<_> = checks.collect();
    for ((hash, password, expected), answer) in tries.iter().zip(verify_all(&checks)) {
        assert_eq!(answer, *expected, "{password:?} of {hash}");
    }
});

/// A line that is a hash, or nearly; not if it would take long.
fn given(line: &[u8], password: &[u8]) -> Option<(String, Result<bool, Malformed>)> {
    let hash = String::from_utf8_lossy(line).into_owned();
    let cost = hash.get(4..6).and_then(|cost| cost.parse().ok());
    let is_quick = cost.is_none_or(|cost: u32| !(COST + 1..=31).contains(&cost));
    if !hash.starts_with('$') || !is_quick {
        return None;
    }
    let expected = of_the_crate(&hash, password);
    Some((hash, expected))
}

/// A hash that the password fits.
fn made(line: &[u8], password: &[u8]) -> (String, Result<bool, Malformed>) {
    let mut salt = [0; 16];
    let given = line.len().min(salt.len());
    salt[..given].copy_from_slice(&line[..given]);
    let version = match line.len() % 4 {
        0 => Version::TwoA,
        1 => Version::TwoB,
        2 => Version::TwoX,
        _ => Version::TwoY,
    };
    let made = hash_with_salt(password, COST, salt).unwrap();
    (made.format_for_version(version), Ok(true))
}

fn of_the_crate(hash: &str, password: &[u8]) -> Result<bool, Malformed> {
    bcrypt::verify(password, hash).map_err(|_| Malformed)
}
