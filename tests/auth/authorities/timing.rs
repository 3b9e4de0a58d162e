//! Checks whether the time of a refused login reveals who judged the password. See `timing.rs` of all logins for the
//! statistics.

use std::time::Instant;

use super::*;
use crate::timing::{TRIES, difference, share};

/// Logins at the same time.
const WORKERS: usize = 16;

/// Users whom the authority refuses, does not know, has given away, and never had. Each worker has its own ones: those of
/// one user are judged one after another.
const KINDS: [&str; 4] = ["kim", "nobody", "adopted", "ada"];

#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_who_judged_the_password() {
    let corp = Scripted::new();
    for worker in 0..WORKERS {
        let name = format!("kim{worker}");
        corp.change(&name, |kim| kim.identity = identity(&name, &name));
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
        f.login(&format!("kim{worker}"), "there").await.unwrap();
        f.import(&format!("ada{worker}"), "password = 'ada-pw'").await;
        let adopted = format!("adopted{worker}");
        let more = format!("authority = 'corp', external_id = '{adopted}', adopted = true, password = 'pw'");
        f.import(&adopted, &more).await;
    }
    let mut times: [Vec<Duration>; KINDS.len()] = [const { Vec::new() }; KINDS.len()];
    // The first round only fills what is remembered of recent refusals.
    for tries in [WORKERS * 4, TRIES] {
        let workers = join_all((0..WORKERS).map(|worker| work(&f, &corp, worker, tries / WORKERS)));
        times = [const { Vec::new() }; KINDS.len()];
        for (at, took) in workers.await.into_iter().flatten() {
            times[at].push(took);
        }
    }
    for at in 0..KINDS.len() {
        for other in at + 1..KINDS.len() {
            let (one, two) = (KINDS[at], KINDS[other]);
            eprintln!("{one} {two} {:.3}", share(&times[at], &times[other]));
            assert_eq!(
                difference(&times[at], &times[other]),
                None,
                "{one} and {two}"
            );
        }
    }
    let fastest = times.iter().flatten().min().unwrap();
    assert!(*fastest >= Duration::from_millis(15), "{fastest:?}");
}

/// Returns how long each login took, with the index of its kind. The authority answers in 20 ± 5 ms.
async fn work(
    f: &Fixture,
    corp: &Scripted,
    worker: usize,
    rounds: usize,
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
            let outcome = f.login(&name, &format!("wrong {round}")).await;
            times.push((at, begun.elapsed()));
            assert_eq!(refusal(outcome), INVALID);
        }
    }
    times
}
