//! Checks whether the time of a refused login reveals its reason.
//!
//! The times of two kinds of refusal are compared by rank (Mann and Whitney): how often is a refusal of the first
//! kind slower than one of the second? Without a difference, in half of all pairs. Ranks are robust against a busy
//! machine that delays a few refusals of either kind by much.
//!
//! A difference is reported if the share is further than [`EFFECT`] from one half, *and* chance would bring it
//! there less than once in a million times. With [`TRIES`] of each kind the standard deviation of the share is
//! 0.009. So the first condition is the stricter one, at eleven standard deviations: without a difference, one is
//! reported less than once in 10^27 runs. A true share of 0.64 (normally distributed times, one kind slower by
//! half a standard deviation) is reported in more than 9999 of 10000 runs.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use super::throttled::{HOME, LIMITS};
use super::*;
use isogloss_core::throttle::{ClientIp, MemoryThrottle};

/// Attempts of each kind.
pub(super) const TRIES: usize = 2000;

/// How often the times are measured if they differ.
pub(super) const ROUNDS: usize = 3;

/// Largest distance of the share from one half that is not reported.
const EFFECT: f64 = 0.1;

/// Number of standard deviations that the normal distribution exceeds once in a million times, counting both
/// sides.
const ONE_IN_A_MILLION: f64 = 4.8916;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    WrongPassword,
    UnknownUser,
    DisabledUser,
    LockedUser,
    /// A wrong password of a user whose hash another system made, and which a right one would replace.
    ForeignHash,
    /// A user whose hash costs twice as much.
    CostlyHash,
}

use Kind::{CostlyHash, DisabledUser, ForeignHash, LockedUser, UnknownUser, WrongPassword};

const KINDS: [Kind; 6] = [
    WrongPassword,
    UnknownUser,
    DisabledUser,
    LockedUser,
    ForeignHash,
    CostlyHash,
];

/// Hash of `JohnRipper` by phpass with 1024 rounds, computed by Python's `hashlib`. In relation to bcrypt at cost 4 they
/// are more than the usual 8192 in relation to cost 12.
const PHPASS: &str = "$P$812345678ioEJH7QTZoGSidfG/z2wZ0";

/// From `wrapper.c` of `crypt_blowfish`, at cost 5. The other hashes have cost 4.
const COSTLY: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

impl Kind {
    fn name(self) -> &'static str {
        match self {
            WrongPassword => "ada",
            UnknownUser => "nobody",
            DisabledUser => "retired",
            LockedUser => "admin",
            ForeignHash => "foreign",
            CostlyHash => "costly",
        }
    }

    fn refusal(self) -> &'static str {
        match self {
            WrongPassword | UnknownUser | DisabledUser | ForeignHash | CostlyHash => INVALID,
            LockedUser => "too many wrong tries, retry in 1 s",
        }
    }
}

struct Stage {
    fixture: Fixture,
    /// Counter for addresses: every attempt that must not be locked comes from another network.
    network: u32,
    dice: u32,
}

impl Stage {
    async fn new() -> Self {
        let throttle = Arc::new(MemoryThrottle::default());
        let fixture = guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await;
        let mut stage = Self {
            fixture,
            network: 0,
            dice: getrandom::u32().unwrap() | 1,
        };
        for (kind, hash) in [(ForeignHash, PHPASS), (CostlyHash, COSTLY)] {
            stage.fixture.bring(kind.name(), hash, "").await;
        }
        for _ in 0..6 {
            let _ = stage.login(LockedUser).await;
        }
        // Enough checks that caches and remembered durations are in their steady state.
        for _ in 0..100 {
            for kind in KINDS {
                stage.time(kind).await;
            }
        }
        stage
    }

    async fn login(&mut self, kind: Kind) -> Result<User, AuthError> {
        let address: IpAddr = if kind == LockedUser {
            HOME.parse().unwrap()
        } else {
            self.network += 1;
            Ipv4Addr::from_bits((10 << 24) | (self.network << 8)).into()
        };
        let credentials = Credentials {
            origin: LoginOrigin::new(HERE, Some(ClientIp::from(address))),
            ..credentials(kind.name(), "wrong")
        };
        self.fixture.auth.login(credentials).await
    }

    async fn time(&mut self, kind: Kind) -> Duration {
        let begun = Instant::now();
        let outcome = self.login(kind).await;
        let took = begun.elapsed();
        assert_eq!(refusal(outcome), kind.refusal(), "{kind:?}");
        took
    }

    /// Returns [`TRIES`] times of each kind. The order of the kinds is random in every round.
    async fn times<const N: usize>(&mut self, kinds: [Kind; N]) -> [Vec<Duration>; N] {
        let mut times = [const { Vec::new() }; N];
        for _ in 0..TRIES {
            let mut order: Vec<_> = (0..N).collect();
            while !order.is_empty() {
                let at = order.swap_remove(self.below(order.len()));
                times[at].push(self.time(kinds[at]).await);
            }
        }
        times
    }

    /// Returns a random number below `bound` (Marsaglia's xorshift).
    fn below(&mut self, bound: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        self.dice as usize % bound
    }
}

/// Returns in what share of all pairs the first is slower. Pairs of equal times count one half.
fn share(first: &[Duration], second: &[Duration]) -> f64 {
    let mut sorted = second.to_vec();
    sorted.sort_unstable();
    let twice: usize = first
        .iter()
        .map(|time| {
            let faster = sorted.partition_point(|other| other < time);
            faster + sorted.partition_point(|other| other <= time)
        })
        .sum();
    count(twice) / 2.0 / count(first.len()) / count(second.len())
}

/// Returns the share if it counts as a difference by the rules above, otherwise `None`.
fn difference(first: &[Duration], second: &[Duration]) -> Option<f64> {
    let share = share(first, second);
    let (n, m) = (count(first.len()), count(second.len()));
    let deviation = ((n + m + 1.0) / (12.0 * n * m)).sqrt();
    let off = (share - 0.5).abs();
    (off > EFFECT && off / deviation > ONE_IN_A_MILLION).then_some(share)
}

/// Prints the share of each pair of kinds, and returns the pairs that differ.
pub(super) fn differences<T: Copy + std::fmt::Debug>(
    kinds: &[T],
    times: &[Vec<Duration>],
) -> Vec<(T, T)> {
    let mut found = Vec::new();
    for (at, &one) in kinds.iter().enumerate() {
        for (other_at, &other) in kinds.iter().enumerate().skip(at + 1) {
            let share = share(&times[at], &times[other_at]);
            eprintln!("{one:?} {other:?} {share:.3}");
            if difference(&times[at], &times[other_at]).is_some() {
                found.push((one, other));
            }
        }
    }
    found
}

fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap().into()
}

#[tokio::test]
async fn the_time_of_a_refusal_tells_nothing() {
    let mut stage = Stage::new().await;
    let mut times = stage.times(KINDS).await;
    let mut found = differences(&KINDS, &times);
    // A busy machine may delay one kind once; what reveals a kind does so every time.
    for _ in 1..ROUNDS {
        if !found.is_empty() {
            times = stage.times(KINDS).await;
            found = differences(&KINDS, &times);
        }
    }
    assert!(found.is_empty(), "{found:?}");
    // The same times with an artificial difference: one side is slower by a quarter of the median.
    let mut slower = times[0].clone();
    slower.sort_unstable();
    let quarter = slower[TRIES / 2] / 4;
    for time in &mut slower {
        *time += quarter;
    }
    assert!(difference(&slower, &times[0]).is_some());
}

#[test]
fn shares_are_counted_right() {
    let times =
        |millis: &[u64]| -> Vec<_> { millis.iter().copied().map(Duration::from_millis).collect() };
    let (low, high) = (times(&[1, 2, 3]), times(&[3, 4]));
    assert_eq!(share(&low, &high).to_string(), format!("{}", 0.5 / 6.0));
    assert_eq!(share(&high, &low).to_string(), format!("{}", 5.5 / 6.0));
    // Too few samples to be evidence.
    assert_eq!(difference(&low, &high), None);
}
