//! Malicious hashes are refused, or checked like any other.

use super::*;

/// Hashes of each format that are cheap to check, as a base for damaged ones.
const HASHES: [&str; 21] = [
    "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2x$04$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS",
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$pbkdf2$12$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
    "$pbkdf2-sha512$i=1,l=20$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
    "$scrypt$ln=1,r=1,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
    "$7$//..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
    "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
    "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1",
    "$P$512345678si5M0DDyPpmRCmcltU/YW/",
    "U$S$5I5Ht7YwxFRiMiJhBjyt42Ji2WRndX2dCx1jyktH92PeQp0xWdgi",
    "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
    "{CRYPT}$1$ec6XvcoW$ghEtNK2U1MC5l.Dwgi3020",
    "01dfae6e5d4d90d9892622325959afbe:7050461",
    "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
    "pbkdf2_sha256$1$kjVJaVz6qsnJ$5yPHw3rwJGECpUf70daLGhOrQ5+AMxIJdz1c3bqK1Rs=",
    "argon2$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
    "bcrypt_sha256$$2a$04$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu",
    "scrypt$2$seasalt$1$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafQ=",
    "md5$3OpqnFAHW5CT$54b29300675271049a1ebae07b395e20",
];

/// Texts that damage a hash at some position.
const DAMAGE: [&str; 16] = [
    "",
    "$",
    "$$",
    "=",
    ",",
    ":",
    "}",
    ".",
    "0",
    "-1",
    "99",
    "4294967295",
    "18446744073709551616",
    "\0",
    "é",
    "\u{1F511}\u{202e}",
];

/// Returns two thousand damaged hashes, the same ones in every run.
fn damaged() -> impl Iterator<Item = String> {
    let mut state = 0x2545_f491_u32;
    let mut below = move |bound: usize| {
        // Marsaglia's xorshift: any sequence works that is the same in every run.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % bound
    };
    (0..2000).map(move |round| {
        let hash = HASHES[round % HASHES.len()];
        let (at, until) = (below(hash.len() + 1), below(hash.len() + 1));
        let (at, until) = (at.min(until), at.max(until));
        let spoiler = DAMAGE[below(DAMAGE.len())];
        match below(6) {
            0 => hash[..at].to_owned(),
            1 => hash[at..].to_owned(),
            2 => format!("{}{spoiler}{}", &hash[..at], &hash[at..]),
            3 => format!("{}{spoiler}{}", &hash[..at], &hash[until..]),
            4 => format!(
                "{}{}{}",
                &hash[..at],
                hash[at..until].repeat(1 + below(9)),
                &hash[until..]
            ),
            _ => {
                let other = HASHES[below(HASHES.len())];
                format!("{}{}", &hash[..at], &other[below(other.len())..])
            }
        }
    })
}

#[test]
fn two_thousand_damaged_hashes_cause_no_panic() {
    let policy = Policy {
        bcrypt_cost: 4,
        allow_weak: true,
    };
    let (mut refused, mut checked) = (0, 0);
    for hash in damaged() {
        match Hash::parse(&hash, policy) {
            Err(_) => refused += 1,
            Ok(hash) => {
                // A hash within the limits may still take seconds. The limits have their own test; this one only
                // checks that nothing breaks.
                if hash.is_cheap() {
                    assert!(!hash.verify("no such password"));
                    assert!(!hash.verify(""));
                    checked += 1;
                }
            }
        }
    }
    assert!(
        refused > 1000 && checked > 100,
        "{refused} refused, {checked} checked"
    );
}

#[test]
fn undamaged_hashes_are_parsed() {
    for hash in HASHES {
        assert_eq!(refusal(hash, WEAK_ALLOWED), None, "{hash}");
    }
}

#[test]
fn characters_of_two_bytes_are_not_cut_in_half() {
    // A run of the test above over a hundred thousand found the first one.
    for hash in [
        "$7$//...\u{e9}./..Sodium$kBGj",
        "$7$//..../...\u{e9}$kBGj",
        "U\u{e9}$",
        "$P\u{e9}$",
        "$2b$04$\u{e9}",
    ] {
        assert!(refusal(hash, WEAK_ALLOWED).is_some(), "{hash}");
    }
}

#[test]
fn huge_hashes_are_refused_before_they_are_parsed() {
    for start in [
        "",
        "$2b$04$",
        "$argon2id$v=19$m=",
        "{SSHA}",
        "pbkdf2_sha256$",
        "$6$rounds=",
    ] {
        let giant = format!("{start}{}", "9".repeat(10_000_000));
        let refused = refusal(&giant, WEAK_ALLOWED).map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("has a length in bytes above 512"));
    }
}
