//! Checks whether the time of a refused login reveals who judged the password. See `timing.rs` of all logins for the
//! statistics.

use std::time::Instant;

use super::*;
use crate::timing::{ROUNDS, TRIES, differences};

/// Logins at the same time.
const WORKERS: usize = 16;

/// Users whom the authority refuses, does not know, has given away, and never had; and one whom it refuses with a
/// password that it has just refused, so that it is not asked. Each worker has its own ones: those of one user are judged
/// one after another.
const KINDS: [&str; 5] = ["kim", "nobody", "adopted", "ada", REPEATED];
const REPEATED: &str = "kim-repeated";

#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_who_judged_the_password() {
    let corp = Scripted::new();
    for worker in 0..WORKERS {
        for kind in ["kim", REPEATED] {
            let name = format!("{kind}{worker}");
            corp.change(&name, |kim| kim.identity = identity(&name, &name));
        }
    }
    let patient = AuthoritySettings {
        concurrency: 1000,
        attempts: Budget {
            tries: 1_000_000,
            refill: Duration::from_secs(1),
            ..settings("corp").attempts
        },
        ..settings("corp")
    };
    let f = asking(vec![(patient, &corp)]).await;
    for worker in 0..WORKERS {
        for kind in ["kim", REPEATED] {
            let name = format!("{kind}{worker}");
            f.login(&name, "there").await.unwrap();
        }
        f.import(&format!("ada{worker}"), "password = 'ada-pw'")
            .await;
        let adopted = format!("adopted{worker}");
        let more = format!(
            "authority = 'corp', external_id = '{adopted}', adopted = true, password = 'pw'"
        );
        f.import(&adopted, &more).await;
    }
    // The first round only fills what is remembered of recent refusals.
    measure(&f, &corp, WORKERS * 4, "warm").await;
    let mut times = measure(&f, &corp, TRIES, "wrong").await;
    let mut found = differences(&KINDS, &times);
    // A busy machine may delay one kind once; what reveals a kind does so every time.
    for round in 1..ROUNDS {
        if !found.is_empty() {
            times = measure(&f, &corp, TRIES, &format!("wrong in round {round}")).await;
            found = differences(&KINDS, &times);
        }
    }
    assert!(found.is_empty(), "{found:?}");
    let fastest = times.iter().flatten().min().unwrap();
    // None is refused much sooner than the authority refuses.
    assert!(*fastest >= Duration::from_millis(10), "{fastest:?}");
}

/// Returns how long the logins of each kind took.
async fn measure(
    f: &Fixture,
    corp: &Scripted,
    tries: usize,
    wrong: &str,
) -> [Vec<Duration>; KINDS.len()] {
    let rounds = tries / WORKERS;
    let workers = (0..WORKERS).map(|worker| work((f, corp), worker, (rounds, wrong)));
    let mut times = [const { Vec::new() }; KINDS.len()];
    for (at, took) in join_all(workers).await.into_iter().flatten() {
        times[at].push(took);
    }
    times
}

/// Returns how long each login took, with the index of its kind. The authority answers in 20 ± 5 ms.
async fn work(
    (f, corp): (&Fixture, &Scripted),
    worker: usize,
    (rounds, wrong): (usize, &str),
) -> Vec<(usize, Duration)> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let first = getrandom::u32().unwrap() as usize;
        for step in 0..KINDS.len() {
            let at = (first + step) % KINDS.len();
            let milliseconds = 15 + u64::from(getrandom::u32().unwrap() % 11);
            *corp.delay.lock().unwrap() = Duration::from_millis(milliseconds);
            let begun = Instant::now();
            let name = format!("{}{worker}", KINDS[at]);
            let wrong = match KINDS[at] {
                REPEATED => "wrong".to_owned(),
                _ => format!("{wrong} {round}"),
            };
            let outcome = f.login(&name, &wrong).await;
            times.push((at, begun.elapsed()));
            assert_eq!(refusal(outcome), INVALID);
        }
    }
    times
}
