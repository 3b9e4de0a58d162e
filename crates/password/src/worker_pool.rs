//! The hashing threads, with a queue that is limited in length and in time.

mod queue;
mod task;
mod worker;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use self::queue::Queue;
pub(super) use self::task::Task;
use self::task::{Deadline, Work, panicked};
use self::worker::run_worker;
use crate::bcrypt_lane::{BcryptLane, BcryptOutput};
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

    /// Runs a task once a thread is free, and returns its result; skips it if the caller no longer waits. Returns
    /// `Overloaded` if the queue is full or the task has waited too long, and `Unavailable` if it panicked.
    pub(super) async fn run<T>(&self, task: Task<T>) -> Result<T, HashingError> {
        self.enqueue(task.work)?;
        task.outcome.result().await
    }

    /// Runs a check, and then a bcrypt computation on the same thread, together with those of other logins, and returns
    /// both results. Returns an error as [`WorkerPool::run`] does.
    pub(super) async fn run_before<T: Send + 'static>(
        &self,
        check: impl FnOnce() -> T + Send + 'static,
        lane: BcryptLane,
    ) -> Result<(T, BcryptOutput), HashingError> {
        let (sender, checked) = oneshot::channel();
        let check = move || {
            // A closed channel means that the caller was cancelled during the check.
            let _ = sender.send(check());
        };
        let output = self.run(Task::bcrypt_after(check, lane)).await?;
        Ok((checked.await.map_err(|error| panicked(&error))?, output))
    }

    fn enqueue(&self, work: Work) -> Result<(), HashingError> {
        let queued = Instant::now();
        let is_in = self.queue.0.push(Job { queued, work });
        is_in.then_some(()).ok_or(OVERLOADED)
    }

    /// Returns how many logins wait, and how many threads are busy.
    pub(super) fn load(&self) -> (usize, usize) {
        self.queue.0.load()
    }
}

pub(super) const OVERLOADED: HashingError = HashingError::Overloaded {
    retry_after: RETRY_AFTER,
};

#[cfg(test)]
mod tests;
