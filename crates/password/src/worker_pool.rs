//! The hashing threads, with a queue that is limited in length and in time.

mod queue;
mod worker;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use self::queue::Queue;
use self::worker::run_worker;
use crate::bcrypt_lane::BcryptLane;
use crate::error::HashingError;
use crate::settings::PasswordSettings;

/// The time after which a refused login may retry: by then a queue of the default length is empty.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The hashing threads. They end when the last clone is dropped.
#[derive(Clone)]
pub(super) struct WorkerPool {
    queue: Arc<QueueGuard>,
    threads: usize,
    /// A permit for each job that may wait or run.
    permits: Arc<Semaphore>,
    capacity: usize,
}

/// Ends the queue when the last handle to the pool is dropped.
struct QueueGuard(Arc<Queue>);

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A job for a hashing thread.
struct Job {
    queued: Instant,
    work: Work,
}

enum Work {
    /// Any work, which runs alone.
    Alone(Box<dyn FnOnce(Deadline) + Send>),
    /// A bcrypt check, which can run together with others at the same cost.
    Bcrypt(BcryptLane, oneshot::Sender<Result<bool, HashingError>>),
}

/// Whether a thread took a job before its time in the queue was over.
enum Deadline {
    Met,
    Missed,
}

impl WorkerPool {
    /// Starts the threads, one for each core unless the settings have a number. Returns an error if the system
    /// starts no further thread.
    pub(super) fn start(settings: PasswordSettings) -> io::Result<Self> {
        let threads = settings
            .threads
            .or_else(|| available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let queue = Arc::new(Queue::with_capacity(settings.queue.max(1)));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || run_worker(&queue, settings))?;
        }
        let capacity = settings.queue.max(1) + threads * settings.batch_size();
        Ok(Self {
            queue: Arc::new(QueueGuard(queue)),
            threads,
            permits: Arc::new(Semaphore::new(capacity)),
            capacity,
        })
    }

    /// Returns a permit for a job, until it is dropped. Returns `Overloaded` if the queue is full, or if all
    /// permits are taken.
    pub(super) fn permit(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        if self.queue.0.is_full() {
            return Err(OVERLOADED);
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        permit.map_err(|_| OVERLOADED)
    }

    /// Returns the number of permits: as many jobs can wait and run.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `work` once a thread is free, and returns its result; skips it if the caller no longer waits. Returns
    /// `Overloaded` if the queue is full or `work` has waited too long, and `Unavailable` if `work` panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (sender, outcome) = oneshot::channel();
        let work = move |deadline| {
            if sender.is_closed() {
                return;
            }
            let outcome = match deadline {
                Deadline::Met => Ok(work()),
                Deadline::Missed => Err(OVERLOADED),
            };
            // A closed channel means that the caller was cancelled during the hashing.
            let _ = sender.send(outcome);
        };
        self.enqueue(Work::Alone(Box::new(work)))?;
        outcome.await.map_err(worker_panicked)?
    }

    /// Returns whether the key of the lane has the expected output, computed once a thread is free; skips the
    /// computation if the caller no longer waits. Returns `Overloaded` if the queue is full or the check has waited
    /// too long, and `Unavailable` if the thread panicked.
    pub(super) async fn verify(&self, lane: BcryptLane) -> Result<bool, HashingError> {
        let (sender, outcome) = oneshot::channel();
        self.enqueue(Work::Bcrypt(lane, sender))?;
        outcome.await.map_err(worker_panicked)?
    }

    fn enqueue(&self, work: Work) -> Result<(), HashingError> {
        let queued = Instant::now();
        let is_in = self.queue.0.push(Job { queued, work });
        is_in.then_some(()).ok_or(OVERLOADED)
    }

    /// Returns how many jobs wait, and how many threads are busy.
    pub(super) fn load(&self) -> (usize, usize) {
        self.queue.0.load()
    }
}

pub(super) const OVERLOADED: HashingError = HashingError::Overloaded {
    retry_after: RETRY_AFTER,
};

/// Returns the error of a job whose thread panicked before it sent a result.
fn worker_panicked(error: impl std::fmt::Display) -> HashingError {
    HashingError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

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
        let blocked = pool.run(move || gate.recv().is_err());
        let rest = (0..31).map(|number| pool.run(move || number));
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
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
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
        let refused = pool.run(|| panic!("it was done")).await;
        assert!(matches!(refused, Err(HashingError::Overloaded { .. })));
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_job_and_ends_no_thread() {
        let pool = pool(8, LONG);
        let gone: Result<(), _> = pool.run(|| panic!("a fault")).await;
        assert!(matches!(gone, Err(HashingError::Unavailable(_))));
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn the_load_counts_waiting_and_running_jobs() {
        let pool = pool(8, LONG);
        let inside = {
            let pool = pool.clone();
            move || pool.load()
        };
        assert_eq!(pool.run(inside).await.unwrap(), (0, 1));
        // The thread is subtracted from the count after it has sent the result; its next job counts one again.
        let inside = {
            let pool = pool.clone();
            move || pool.load()
        };
        assert_eq!(pool.run(inside).await.unwrap(), (0, 1));
    }
}
