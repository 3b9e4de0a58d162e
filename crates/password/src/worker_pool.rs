//! The hashing threads, with a queue that is limited in length and in time.

mod queue;
mod worker;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use self::queue::Queue;
use self::worker::serve;
use crate::bcrypt_lane::Lane;
use crate::error::HashingError;
use crate::settings::PasswordSettings;

/// The time after which a refused login may retry: by then a queue of the default length is empty.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The hashing threads. They end when the last clone is dropped.
#[derive(Clone)]
pub(super) struct Pool {
    queue: Arc<Door>,
    threads: usize,
    /// A permit for each job that may wait or run.
    places: Arc<Semaphore>,
    room: usize,
}

/// The queue for callers. It ends when this is dropped.
struct Door(Arc<Queue>);

impl Drop for Door {
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
    Alone(Box<dyn FnOnce(Turn) + Send>),
    /// A bcrypt check, which can run together with others at the same cost.
    Lane(Lane, oneshot::Sender<Result<bool, HashingError>>),
}

/// Whether a thread took the job in time.
enum Turn {
    InTime,
    TooLate,
}

impl Pool {
    /// Starts the threads: `None` starts one for each core. Fails if a thread cannot be started.
    pub(super) fn start(settings: PasswordSettings) -> io::Result<Self> {
        let threads = settings
            .threads
            .or_else(|| available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let queue = Arc::new(Queue::with_room_for(settings.queue.max(1)));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || serve(&queue, settings))?;
        }
        let room = settings.queue.max(1) + threads * settings.at_once();
        Ok(Self {
            queue: Arc::new(Door(queue)),
            threads,
            places: Arc::new(Semaphore::new(room)),
            room,
        })
    }

    /// Returns a permit for a job. Fails immediately if there is no room for it.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        if self.queue.0.is_full() {
            return Err(OVERLOADED);
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| OVERLOADED)
    }

    /// Returns the number of places.
    pub(super) fn places(&self) -> usize {
        self.room
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `work` once a thread is free, and returns its result. Skips it if the caller no longer waits.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (answer, outcome) = oneshot::channel();
        let work = move |turn| {
            if answer.is_closed() {
                return;
            }
            let outcome = match turn {
                Turn::InTime => Ok(work()),
                Turn::TooLate => Err(OVERLOADED),
            };
            // A closed channel means that the caller was cancelled during the hashing.
            let _ = answer.send(outcome);
        };
        self.enqueue(Work::Alone(Box::new(work)))?;
        outcome.await.map_err(gone)?
    }

    /// Returns whether the key matches, once a thread is free. Skips the check if the caller no longer waits.
    pub(super) async fn fits(&self, lane: Lane) -> Result<bool, HashingError> {
        let (answer, outcome) = oneshot::channel();
        self.enqueue(Work::Lane(lane, answer))?;
        outcome.await.map_err(gone)?
    }

    fn enqueue(&self, work: Work) -> Result<(), HashingError> {
        let queued = Instant::now();
        let is_in = self.queue.0.push(Job { queued, work });
        is_in.then_some(()).ok_or(OVERLOADED)
    }

    /// Returns how many jobs wait, and how many run.
    pub(super) fn load(&self) -> (usize, usize) {
        self.queue.0.load()
    }
}

pub(super) const OVERLOADED: HashingError = HashingError::Overloaded {
    retry_after: RETRY_AFTER,
};

/// Returns the error of a job whose thread panicked before it sent a result.
fn gone(error: RecvError) -> HashingError {
    HashingError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn pool(queue: usize, longest_wait: Duration) -> Pool {
        Pool::start(PasswordSettings {
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
    async fn there_are_as_many_places_as_can_wait_and_be_worked_on() {
        let pool = pool(2, LONG);
        let taken: Vec<_> = (0..100).map_while(|_| pool.place().ok()).collect();
        assert_eq!(taken.len(), 2 + PasswordSettings::default().at_once());
        drop(taken);
        assert!(pool.place().is_ok());
    }

    #[tokio::test]
    async fn a_job_that_has_waited_too_long_is_not_done_but_refused() {
        let pool = pool(8, Duration::ZERO);
        let refused = pool.run(|| panic!("it was done")).await;
        assert!(matches!(refused, Err(HashingError::Overloaded { .. })));
    }

    #[tokio::test]
    async fn a_fault_costs_its_own_job_and_no_thread() {
        let pool = pool(8, LONG);
        let gone: Result<(), _> = pool.run(|| panic!("a fault")).await;
        assert!(matches!(gone, Err(HashingError::Unavailable(_))));
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn the_load_is_told_while_there_is_some() {
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
