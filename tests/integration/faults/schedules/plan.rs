//! The plan of a seed: steps, which of them are concurrent, and faults of connections.

use std::time::Duration;

use isogloss_testkit::relay::{Cut, Direction};
use proptest::prelude::RngExt as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Users of a schedule: two plain ones, an administrator, and one that imports change.
pub(crate) const USERS: usize = 4;
pub(crate) const ADMINISTRATOR: usize = 2;
pub(crate) const IMPORTED: usize = 3;
const PHASES: usize = 14;
/// Phases without faults at the beginning, so that there are tokens to lose.
const CALM: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Bimplus,
    Crmcom,
    Tokenlogin,
    Memsource,
}

pub(crate) const DIALECTS: [Dialect; 4] = [
    Dialect::Bimplus,
    Dialect::Crmcom,
    Dialect::Tokenlogin,
    Dialect::Memsource,
];

/// How a token is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Own,
    Introspection,
    ForwardAuth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Login(Dialect),
    WrongPassword(Dialect),
    Check(Way),
    Refresh,
    LogOut,
    /// Requests a one-time token with another token.
    HandOver,
    Redeem,
    /// Requests an e-mail with a one-time token.
    Email(Dialect),
    UseEmail,
    Disable,
    Enable,
    SetPassword,
    EndSessions,
    Import,
    Reload,
}

/// How the client of a step behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Patient,
    /// Resets its connection this long after the request.
    Resets(Duration),
    /// Is reset when the response arrives, and does not see it.
    LosesTheAnswer,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) act: Act,
    pub(crate) user: usize,
    /// Index into the suitable tokens.
    pub(crate) pick: usize,
    pub(crate) gateway: usize,
    pub(crate) manner: Manner,
}

/// The servers whose connections have a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Tokens,
    Directory,
    Mail,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// One connection, until the concurrent schedules end.
    Silence(Direction),
    /// One connection, for this long.
    Stall(Direction, Duration),
    StallAll(Duration),
    Delay(Direction, Duration),
    Cut(Cut),
    CutAll(Cut),
    LoseAnswer,
    /// Requests of several connections are held and then released in reverse order.
    Reorder,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) server: Server,
    pub(crate) gateway: usize,
    /// Index of the connection.
    pub(crate) pick: usize,
    /// Time since the beginning of its phase.
    pub(crate) after: Duration,
    pub(crate) what: What,
}

/// Concurrent steps and faults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase {
    pub(crate) steps: Vec<Step>,
    pub(crate) faults: Vec<Fault>,
}

pub(crate) fn random(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// Returns the schedule of a seed.
pub(crate) fn phases(seed: u64) -> Vec<Phase> {
    let mut random = random(seed);
    let mut phases: Vec<_> = (0..PHASES).map(|index| phase(&mut random, index)).collect();
    for (user, dialect) in (0..USERS).zip(DIALECTS) {
        let login = step(&mut random, Act::Login(dialect), user, Manner::Patient);
        phases[0].steps.push(login);
    }
    phases
}

fn phase(random: &mut TestRng, index: usize) -> Phase {
    let steps = random.random_range(1..=4);
    let steps = (0..steps).map(|_| {
        let (act, user) = (act(random), random.random_range(0..USERS));
        let manner = if index < CALM {
            Manner::Patient
        } else {
            manner(random)
        };
        step(random, act, user, manner)
    });
    let steps = steps.collect();
    let faults = match index {
        0..CALM => 0,
        _ => random.random_range(0..=2),
    };
    let faults = (0..faults).map(|_| fault(random)).collect();
    Phase { steps, faults }
}

fn step(random: &mut TestRng, act: Act, user: usize, manner: Manner) -> Step {
    Step {
        act,
        user,
        pick: random.random_range(0..1000),
        gateway: random.random_range(0..1000),
        manner,
    }
}

fn act(random: &mut TestRng) -> Act {
    let dialect = DIALECTS[random.random_range(0..DIALECTS.len())];
    let way = [Way::Own, Way::Introspection, Way::ForwardAuth][random.random_range(0..3)];
    match random.random_range(0..100) {
        0..20 => Act::Login(dialect),
        20..23 => Act::WrongPassword(dialect),
        23..50 => Act::Check(way),
        50..58 => Act::Refresh,
        58..70 => Act::LogOut,
        70..75 => Act::HandOver,
        75..82 => Act::Redeem,
        82..85 => Act::Email(if random.random() {
            Dialect::Bimplus
        } else {
            Dialect::Tokenlogin
        }),
        85..88 => Act::UseEmail,
        88..90 => Act::Disable,
        90..93 => Act::Enable,
        93..95 => Act::SetPassword,
        95..97 => Act::EndSessions,
        97..99 => Act::Import,
        _ => Act::Reload,
    }
}

fn manner(random: &mut TestRng) -> Manner {
    match random.random_range(0..10) {
        0 => Manner::Resets(Duration::from_micros(random.random_range(0..20_000))),
        1 => Manner::LosesTheAnswer,
        _ => Manner::Patient,
    }
}

fn fault(random: &mut TestRng) -> Fault {
    let milliseconds =
        |from, to, random: &mut TestRng| Duration::from_millis(random.random_range(from..to));
    let direction = Direction::BOTH[random.random_range(0..2)];
    let cut = [Cut::Reset, Cut::Close][random.random_range(0..2)];
    let what = match random.random_range(0..20) {
        0..4 => What::Silence(direction),
        4..8 => What::Stall(direction, milliseconds(20, 900, random)),
        8 => What::StallAll(milliseconds(20, 900, random)),
        9..12 => What::Delay(direction, milliseconds(1, 100, random)),
        12..15 => What::Cut(cut),
        15 => What::CutAll(cut),
        16..19 => What::LoseAnswer,
        _ => What::Reorder,
    };
    let server = match random.random_range(0..8) {
        0..5 => Server::Tokens,
        5..7 => Server::Directory,
        _ => Server::Mail,
    };
    Fault {
        server,
        gateway: random.random_range(0..1000),
        pick: random.random_range(0..1000),
        after: milliseconds(0, 30, random),
        what,
    }
}

#[test]
fn a_seed_makes_the_same_schedule_each_time() {
    let spelt = |seed| format!("{:?}", phases(seed));
    assert_eq!(spelt(7), spelt(7));
    assert_ne!(spelt(7), spelt(8));
}
