//! Checks a second at cost 8 on one core: the `bcrypt` crate, and one to four lanes. `ISOGLOSS_ROUNDS`
//! sets another number of rounds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where it stumbles, and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use isogloss_bcrypt_lanes::{Check, verify};

const COST: u32 = 8;
/// How often each is timed in a round.
const TIMES: u32 = 4;

/// What is compared: its name, how many checks it does at once, and how it does them.
struct Contestant {
    name: &'static str,
    lanes: u32,
    check: fn(&str),
    /// Checks a second, one for each round.
    rates: Vec<f64>,
}

fn main() {
    let rounds: u32 = std::env::var_os("ISOGLOSS_ROUNDS")
        .map_or(40, |text| text.to_str().unwrap().parse().unwrap());
    let hash = bcrypt::hash("password", COST).unwrap();
    let contestant = |name, lanes, check| Contestant {
        name,
        lanes,
        check,
        rates: Vec::new(),
    };
    let mut contestants = [
        contestant("bcrypt crate", 1, |hash| {
            assert!(bcrypt::verify(black_box("password"), hash).unwrap());
        }),
        contestant("1 lane", 1, at_once::<1>),
        contestant("2 lanes", 2, at_once::<2>),
        contestant("3 lanes", 3, at_once::<3>),
        contestant("4 lanes", 4, at_once::<4>),
    ];
    // All in each round, so that what else the machine does in the meantime is shared.
    for _ in 0..rounds {
        for contestant in &mut contestants {
            let begun = Instant::now();
            for _ in 0..TIMES {
                (contestant.check)(black_box(&hash));
            }
            let checks = f64::from(TIMES * contestant.lanes);
            contestant
                .rates
                .push(checks / begun.elapsed().as_secs_f64());
        }
    }
    let yardstick = median(&contestants[0].rates);
    for contestant in contestants {
        let rate = median(&contestant.rates);
        let ratio = rate / yardstick;
        println!("{:<12} {rate:>8.1}/s {ratio:>6.2}x", contestant.name);
    }
}

fn at_once<const N: usize>(hash: &str) {
    let password = black_box(b"password");
    let answers = verify::<N>([Check { password, hash }; N]);
    assert_eq!(answers, [Ok(true); N]);
}

fn median(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
