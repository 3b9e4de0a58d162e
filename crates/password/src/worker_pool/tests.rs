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

fn push_login(queue: &Queue, waits: bool) -> bool {
    let queued = Instant::now();
    let job = |work, has_place| Job {
        queued,
        work,
        has_place,
    };
    let check = waits.then(|| job(Task::alone(|| true).work, false));
    let lane = Task::bcrypt(BcryptLane::decoy(cost()));
    queue.push(check, job(lane.work, true))
}

fn lanes(jobs: &[Job]) -> usize {
    let is_lane = |job: &&Job| matches!(job.work, Work::Bcrypt(..));
    jobs.iter().filter(is_lane).count()
}

#[test]
fn the_two_jobs_of_a_login_take_one_place() {
    let queue = Queue::with_capacity(2);
    assert!(push_login(&queue, true));
    assert!(push_login(&queue, true));
    assert!(queue.is_full());
    assert!(!push_login(&queue, false));
    assert_eq!(queue.load(), (2, 0));
    // The check leaves first, and the login still waits.
    assert_eq!(lanes(&queue.pop(0).unwrap()), 0);
    assert_eq!(queue.load(), (2, 1));
    assert_eq!(lanes(&queue.pop(0).unwrap()), 1);
    assert_eq!(queue.load(), (1, 2));
    assert!(push_login(&queue, true));
}

#[test]
fn new_hashes_of_first_logins_are_computed_together_with_checks_of_later_ones() {
    let queue = Queue::with_capacity(8);
    for is_first in [true, true, false, true, true] {
        assert!(push_login(&queue, is_first));
    }
    let taken: Vec<_> = (0..6).map(|_| queue.pop(3).unwrap()).collect();
    let found: Vec<_> = taken.iter().map(|jobs| (jobs.len(), lanes(jobs))).collect();
    let check = (1, 0);
    assert_eq!(found, [check, (4, 4), check, check, check, (1, 1)]);
}

#[tokio::test]
async fn of_two_jobs_both_results_are_returned_or_the_first_error() {
    let pool = pool(1, LONG);
    let lane = || Task::bcrypt(BcryptLane::decoy(cost()));
    let (seven, output) = pool.run_both(Task::alone(|| 7), lane()).await.unwrap();
    assert_eq!(seven, 7);
    assert_eq!(output, BcryptLane::decoy(cost()).compute());
    let gone = Task::<()>::alone(|| panic!("a fault"));
    let gone = pool.run_both(gone, lane()).await;
    assert!(matches!(gone, Err(HashingError::Unavailable(_))));
    assert!(pool.run_both(lane(), lane()).await.is_ok());
}
