//! Turns of synchronisations, tested with each backend.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::directory::{Directory, SyncTurn};
use uuid::Uuid;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn turn(authority: &str) -> SyncTurn {
    SyncTurn {
        authority: authority.to_owned(),
        holder: Uuid::new_v4(),
        lease: MINUTE,
        interval: Duration::ZERO,
    }
}

pub(super) async fn hold(directory: &dyn Directory) {
    one_process_has_the_turn(directory).await;
    a_turn_that_is_not_renewed_ends(directory).await;
    a_synchronisation_that_is_not_due_does_not_begin(directory).await;
}

async fn one_process_has_the_turn(directory: &dyn Directory) {
    assert_eq!(directory.synchronisation("one").await.unwrap(), None);
    let all: Vec<_> = (0..8).map(|_| turn("one")).collect();
    let begun = all.iter().map(|turn| directory.begin_synchronisation(turn));
    let begun = join_all(begun).await.into_iter().map(Result::unwrap);
    let begun: Vec<_> = begun.collect();
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
    let winner = begun.iter().position(|begun| *begun).unwrap();
    let (winner, loser) = (&all[winner], &all[(winner + 1) % all.len()]);
    assert!(
        directory
            .begin_synchronisation(&turn("other"))
            .await
            .unwrap()
    );

    assert!(directory.renew_synchronisation(winner).await.unwrap());
    assert!(!directory.renew_synchronisation(loser).await.unwrap());
    directory.end_synchronisation(loser, "no").await.unwrap();
    let record = directory.synchronisation("one").await.unwrap().unwrap();
    assert!(record.is_running);
    assert_eq!((record.ended_at, record.outcome), (None, None));
    directory.end_synchronisation(winner, "yes").await.unwrap();
    let record = directory.synchronisation("one").await.unwrap().unwrap();
    assert!(!record.is_running);
    assert!(record.ended_at >= Some(record.begun_at));
    assert_eq!(record.outcome.as_deref(), Some("yes"));
    assert!(!directory.renew_synchronisation(winner).await.unwrap());
    assert!(directory.begin_synchronisation(loser).await.unwrap());
    let record = directory.synchronisation("one").await.unwrap().unwrap();
    assert_eq!(
        (record.is_running, record.outcome.as_deref()),
        (true, Some("yes"))
    );
    directory.end_synchronisation(loser, "again").await.unwrap();
}

async fn a_turn_that_is_not_renewed_ends(directory: &dyn Directory) {
    let crashed = SyncTurn {
        lease: Duration::ZERO,
        ..turn("crashed")
    };
    assert!(directory.begin_synchronisation(&crashed).await.unwrap());
    let record = directory.synchronisation("crashed").await.unwrap().unwrap();
    assert!(!record.is_running);
    let next = turn("crashed");
    assert!(directory.begin_synchronisation(&next).await.unwrap());
    assert!(!directory.renew_synchronisation(&crashed).await.unwrap());
    directory.end_synchronisation(&next, "yes").await.unwrap();
}

async fn a_synchronisation_that_is_not_due_does_not_begin(directory: &dyn Directory) {
    let hourly = || SyncTurn {
        interval: HOUR,
        ..turn("hourly")
    };
    let first = hourly();
    assert!(directory.begin_synchronisation(&first).await.unwrap());
    directory.end_synchronisation(&first, "yes").await.unwrap();
    assert!(!directory.begin_synchronisation(&hourly()).await.unwrap());
    assert!(
        directory
            .begin_synchronisation(&turn("hourly"))
            .await
            .unwrap()
    );
}
