//! Malformed hashes are rejected where the `bcrypt` crate rejects them, and do not disturb other checks.

use isogloss_bcrypt_lanes::{Check, Malformed, verify, verify_all};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Hash of `U*U` at cost 4.
const HASH: &str = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.K7Qr0se1MxuggH4aP4YgB.U2Em1pGSK";

fn characters() -> impl Strategy<Value = char> {
    prop_oneof![
        select("$./0459abxyzABXYZ+- =\0\n£é€𝒳٥".chars().collect::<Vec<_>>()),
        any::<char>(),
    ]
}

/// One way to damage a hash.
#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, char),
    Insert(Index, char),
    Remove(Index),
    Cut(Index),
    Swap(Index, Index),
}

impl Damage {
    fn to(&self, characters: &mut Vec<char>) {
        let length = characters.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Replace(at, character) => characters[at.index(length)] = *character,
            Self::Insert(at, character) => characters.insert(at.index(length), *character),
            Self::Remove(at) => drop(characters.remove(at.index(length))),
            Self::Cut(at) => characters.truncate(at.index(length)),
            Self::Swap(one, other) => characters.swap(one.index(length), other.index(length)),
        }
    }
}

fn damages() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        (place(), characters()).prop_map(|(at, character)| Damage::Replace(at, character)),
        (place(), characters()).prop_map(|(at, character)| Damage::Insert(at, character)),
        place().prop_map(Damage::Remove),
        place().prop_map(Damage::Cut),
        (place(), place()).prop_map(|(one, other)| Damage::Swap(one, other)),
    ]
}

fn damaged() -> impl Strategy<Value = String> {
    let damages = prop::collection::vec(damages(), 0..=3);
    damages.prop_map(|damages| {
        let mut characters = HASH.chars().collect();
        for damage in damages {
            damage.to(&mut characters);
        }
        characters.into_iter().collect()
    })
}

/// Returns false if `hash` has a cost of 7 to 31, which would take too long here.
fn is_quick(hash: &str) -> bool {
    let cost = hash.get(4..6).and_then(|cost| cost.parse().ok());
    cost.is_none_or(|cost: u32| !(7..=31).contains(&cost))
}

fn of_the_crate(password: &[u8], hash: &str) -> Result<bool, Malformed> {
    bcrypt::verify(password, hash).map_err(|_| Malformed)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_hashes_are_read_as_the_crate_reads_them(
        hash in damaged().prop_filter("takes too long", |hash| is_quick(hash)),
    ) {
        let [answer, sound] = verify([
            Check { password: b"U*U", hash: &hash },
            Check { password: b"U*U", hash: HASH },
        ]);
        prop_assert_eq!(answer, of_the_crate(b"U*U", &hash));
        prop_assert_eq!(sound, Ok(true));
    }

    #[test]
    fn what_is_anything_at_all_is_refused(hash in ".{0,90}") {
        prop_assume!(is_quick(&hash));
        let answer = verify([Check { password: b"", hash: &hash }]);
        prop_assert_eq!(answer, [of_the_crate(b"", &hash)]);
    }
}

#[test]
fn each_answer_stands_where_its_check_stood() {
    let costly = bcrypt::hash("costly", 6).unwrap();
    let checks = [
        ("costly", costly.as_str()),
        ("U*U", HASH),
        ("U*U", &HASH[1..]),
        ("U*V", HASH),
        ("cheap", &costly),
        ("U*U", ""),
        ("U*U", HASH),
    ];
    let checks = checks.map(|(password, hash)| Check {
        password: password.as_bytes(),
        hash,
    });
    let answers = [
        Ok(true),
        Ok(true),
        Err(Malformed),
        Ok(false),
        Ok(false),
        Err(Malformed),
        Ok(true),
    ];
    assert_eq!(verify_all(&checks), answers);
}

#[test]
fn the_reason_reads_after_a_name() {
    let said = format!("the hash {Malformed}");
    assert_eq!(said, "the hash is not a whole bcrypt hash");
}
