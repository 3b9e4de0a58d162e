//! Places, permits, deadlines and panics.

use futures_util::future::join_all;
use isogloss_bcrypt_lanes::Cost;

use super::*;
use crate::bcrypt_lane::BcryptLane;

fn pool(queue: usize, longest_wait: Duration) -> WorkerPool {
    WorkerPool::start(PasswordSettings {
        threads: NonZeroUsize::new(1),
        queue,
        queue_timeout: longest_wait,
        ..PasswordSettings::default()
    })
    .unwrap()
}

const LONG: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_serves_again_later() {
    let pool = pool(2, LONG);
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let blocked = pool.run(Task::alone(move || gate.recv().is_err()));
    let rest = (0..31).map(|number| pool.run(Task::alone(move || number)));
    let all = join_all(rest);
    let release = async {
        // By now all jobs have been submitted: join polls in order.
        drop(open);
    };
    let (first, answers, ()) = tokio::join!(blocked, all, release);
    assert!(first.unwrap());
    let served = answers.iter().filter(|answer| answer.is_ok()).count();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(HashingError::Overloaded { .. })))
        .count();
    // Two jobs could wait if the thread had taken the first one by then, else one.
    assert!((1..=2).contains(&served), "{served}");
    assert_eq!(served + refused, 31);
    assert_eq!(pool.run(Task::alone(|| 7)).await.unwrap(), 7);
}

#[tokio::test]
async fn there_are_as_many_permits_as_jobs_can_wait_and_run() {
    let pool = pool(2, LONG);
    let taken: Vec<_> = (0..100).map_while(|_| pool.permit().ok()).collect();
    assert_eq!(taken.len(), 2 + PasswordSettings::default().batch_size());
    drop(taken);
    assert!(pool.permit().is_ok());
}

#[tokio::test]
async fn a_job_that_has_waited_too_long_is_refused() {
    let pool = pool(8, Duration::ZERO);
    let refused = pool.run(Task::alone(|| panic!("it was done"))).await;
    assert!(matches!(refused, Err(HashingError::Overloaded { .. })));
}

#[tokio::test]
async fn a_panic_fails_its_own_job_and_ends_no_thread() {
    let pool = pool(8, LONG);
    let gone: Result<(), _> = pool.run(Task::alone(|| panic!("a fault"))).await;
    assert!(matches!(gone, Err(HashingError::Unavailable(_))));
    assert_eq!(pool.run(Task::alone(|| 7)).await.unwrap(), 7);
}

#[tokio::test]
async fn the_load_counts_waiting_and_running_jobs() {
    let pool = pool(8, LONG);
    let inside = {
        let pool = pool.clone();
        move || pool.load()
    };
    assert_eq!(pool.run(Task::alone(inside)).await.unwrap(), (0, 1));
    // The thread is subtracted from the count after it has sent the result; its next job counts one again.
    let inside = {
        let pool = pool.clone();
        move || pool.load()
    };
    assert_eq!(pool.run(Task::alone(inside)).await.unwrap(), (0, 1));
}

fn cost() -> Cost {
    Cost::new(4).unwrap()
}

#[test]
fn new_hashes_of_first_logins_are_computed_together_with_checks_of_later_ones() {
    let queue = Queue::with_capacity(8);
    for is_first in [true, false, true, false, true] {
        let lane = BcryptLane::decoy(cost());
        let task = if is_first {
            Task::bcrypt_after(|| (), lane)
        } else {
            Task::bcrypt(lane)
        };
        let (queued, work) = (Instant::now(), task.work);
        assert!(queue.push(Job { queued, work }));
    }
    assert_eq!(queue.pop(3).unwrap().len(), 4);
    assert_eq!(queue.pop(3).unwrap().len(), 1);
}

#[tokio::test]
async fn a_check_that_panics_fails_only_its_own_login() {
    let pool = pool(8, LONG);
    let lane = || BcryptLane::decoy(cost());
    let (open, gate) = std::sync::mpsc::channel::<()>();
    // The three others wait for the thread, and are computed together.
    let blocked = pool.run(Task::alone(move || gate.recv().is_err()));
    let seven = pool.run_before(|| 7, lane());
    let gone = pool.run_before(|| -> u8 { panic!("a fault") }, lane());
    let alone = pool.run(Task::bcrypt(lane()));
    let release = async { drop(open) };
    let (_, seven, gone, alone, ()) = tokio::join!(blocked, seven, gone, alone, release);
    assert!(matches!(gone, Err(HashingError::Unavailable(_))));
    let output = lane().compute();
    assert_eq!(seven.unwrap(), (7, output.clone()));
    assert_eq!(alone.unwrap(), output);
}
