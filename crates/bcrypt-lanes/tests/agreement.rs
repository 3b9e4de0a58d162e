//! Compares results with the `bcrypt` crate on random passwords. `ISOGLOSS_CASES` sets how many.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use isogloss_bcrypt_lanes::{
    Check, Cost, Key, LANES, Malformed, hash_text, outputs, verify, verify_all,
};
use proptest::array::uniform16;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

mod writing;

use writing::{PREFIXES, write};

/// Number of passwords that are checked in one call.
const TOGETHER: u32 = 8;

/// A hash, and a password that is checked against it.
#[derive(Debug, Clone)]
struct Try {
    hash: String,
    password: Vec<u8>,
}

impl Try {
    fn check(&self) -> Check<'_> {
        Check {
            password: &self.password,
            hash: &self.hash,
        }
    }

    fn of_the_crate(&self) -> Result<bool, Malformed> {
        bcrypt::verify(&self.password, &self.hash).map_err(|_| Malformed)
    }
}

fn cases() -> u32 {
    std::env::var_os("ISOGLOSS_CASES").map_or(2000, |text| text.to_str().unwrap().parse().unwrap())
}

fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
}

/// Generates short passwords, passwords with NULs, and passwords of all lengths, also longer than 72 bytes.
fn passwords() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..=80),
        vec(any::<u8>(), 70..=74),
        vec(select(vec![0, 1, b'a', 0x7f, 0x80, 0xff]), 0..=9),
    ]
}

/// Generates pairs of the password that is hashed and the one that is checked: the same, or nearly the same.
fn near(password: Vec<u8>) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let twice = [password.as_slice(), &[0], password.as_slice()].concat();
    let longer = [password.as_slice(), b"x"].concat();
    let ended = [password.as_slice(), &[0]].concat();
    let shorter = password
        .split_last()
        .map_or(&[][..], |(_, rest)| rest)
        .to_vec();
    let mut others = vec![password.clone(), twice, longer, ended, shorter];
    for bit in [0, 7] {
        let mut other = password.clone();
        other
            .last_mut()
            .into_iter()
            .for_each(|last| *last ^= 1 << bit);
        others.push(other);
    }
    let same = Just(password.clone());
    (Just(password), prop_oneof![same, select(others)])
}

fn tries(cost: impl Strategy<Value = u32>) -> impl Strategy<Value = Try> {
    let passwords = passwords().prop_flat_map(near);
    let salts = uniform16(any::<u8>());
    (passwords, salts, cost, select(PREFIXES.to_vec())).prop_map(
        |((hashed, password), salt, cost, prefix)| Try {
            hash: write(prefix, cost, salt, &hashed),
            password,
        },
    )
}

fn agree(tries: &[Try]) -> Result<(), TestCaseError> {
    let checks: Vec<_> = tries.iter().map(Try::check).collect();
    for (tried, answer) in tries.iter().zip(verify_all(&checks)) {
        prop_assert_eq!(answer, tried.of_the_crate(), "{:?}", tried);
    }
    Ok(())
}

#[test]
fn on_any_password() {
    let together = vec(tries(Just(4)), TOGETHER as usize);
    let cases = cases().div_ceil(TOGETHER);
    runner(cases).run(&together, |tries| agree(&tries)).unwrap();
}

#[test]
fn on_any_number_of_any_costs() {
    let several = vec(tries(prop_oneof![Just(4), 4_u32..=6]), 0..=2 * LANES + 1);
    runner(32).run(&several, |tries| agree(&tries)).unwrap();
}

#[test]
fn on_every_length_and_prefix() {
    let text: Vec<u8> = (0..=80).map(|at| b'!' + at).collect();
    for length in 0..=80 {
        let prefix = PREFIXES[length % PREFIXES.len()];
        let hash = write(prefix, 4, [length.try_into().unwrap(); 16], &text[..length]);
        let lengths = [length.saturating_sub(1), length, (length + 1).min(80)];
        let tries = lengths.map(|length| Try {
            hash: hash.clone(),
            password: text[..length].to_vec(),
        });
        assert_eq!(tries[1].of_the_crate(), Ok(true));
        agree(&tries).unwrap();
    }
}

#[test]
fn on_every_number_of_lanes() {
    let tries: [_; LANES] = std::array::from_fn(|lane| Try {
        hash: write("2b", 4, [3; 16], &[b'0' + u8::try_from(lane).unwrap()]),
        password: b"2".to_vec(),
    });
    let [a, b, c, d] = tries.each_ref().map(Try::check);
    assert_eq!(verify([a]), [Ok(false)]);
    assert_eq!(verify([c, a]), [Ok(true), Ok(false)]);
    assert_eq!(verify([a, b, c]), [Ok(false), Ok(false), Ok(true)]);
    let answers = [Ok(false), Ok(true), Ok(false), Ok(false)];
    assert_eq!(verify([a, c, b, d]), answers);
    assert_eq!(verify_all(&[]), []);
    agree(&tries).unwrap();
}

#[test]
fn on_keys_without_a_nul() {
    let cost = Cost::new(4).unwrap();
    let text: Vec<u8> = (1..=72).collect();
    let keys = (1..=72).map(|length| Key {
        salt: [200; 16],
        bytes: &text[..length],
    });
    let keys: Vec<_> = keys.collect();
    for (key, output) in keys.iter().zip(outputs(cost, &keys)) {
        assert_eq!(output, bcrypt::bcrypt(4, key.salt, key.bytes));
    }
}

#[test]
fn on_new_hashes_as_text() {
    let cost = Cost::new(4).unwrap();
    let salts = [[0; 16], [0xff; 16], *b"0123456789abcdef"];
    let keys = salts.map(|salt| Key {
        salt,
        bytes: b"U*U\0",
    });
    for (salt, output) in salts.into_iter().zip(outputs(cost, &keys)) {
        let of_the_crate = bcrypt::hash_with_salt("U*U", 4, salt).unwrap();
        assert_eq!(hash_text(cost, salt, &output), of_the_crate.to_string());
    }
}

#[test]
fn where_the_crate_would_panic_there_is_an_answer() {
    let cost = Cost::new(4).unwrap();
    let key = |bytes| Key {
        salt: [0; 16],
        bytes,
    };
    let made = outputs(cost, &[key(b""), key(&[0]), key(&[1; 72]), key(&[1; 99])]);
    assert_eq!(made[0], made[1]);
    assert_eq!(made[2], made[3]);
}
