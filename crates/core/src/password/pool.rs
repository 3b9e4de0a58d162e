//! Threads for hashing: as many as asked for, with a queue that has an end in length and in time.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use metrics::gauge;
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::PasswordSettings;
use crate::error::{AuthError, StoreError};

/// What a refused login is told: by then a queue of the default length has drained.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The hashing threads. They end when the last copy of this is dropped.
#[derive(Clone)]
pub(super) struct Pool {
    jobs: SyncSender<Job>,
    load: Arc<Load>,
    threads: usize,
    /// How many may wait.
    room: usize,
}

struct Job {
    queued: Instant,
    work: Box<dyn FnOnce(Turn) + Send>,
}

/// Whether a job's turn came in time.
enum Turn {
    InTime,
    TooLate,
}

impl Pool {
    /// Starts the threads: `None` starts as many as there are cores.
    pub(super) fn start(settings: PasswordSettings) -> Result<Self, StoreError> {
        let longest_wait = settings.queue_timeout;
        let threads = settings
            .threads
            .or_else(|| thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let room = settings.queue.max(1);
        let (jobs, queue) = sync_channel(room);
        let queue = Arc::new(Mutex::new(queue));
        let load = Arc::<Load>::default();
        for number in 0..threads {
            let (queue, load) = (Arc::clone(&queue), Arc::clone(&load));
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || {
                    if settings.low_priority {
                        step_back();
                    }
                    serve(&queue, &load, longest_wait);
                })
                .map_err(gone)?;
        }
        Ok(Self {
            jobs,
            load,
            threads,
            room,
        })
    }

    /// Refuses at once what would find no room, before anything is done for it.
    pub(super) fn has_room(&self) -> Result<(), AuthError> {
        let (waiting, _) = *self.load.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = usize::try_from(waiting).is_ok_and(|waiting| waiting >= self.room);
        if is_full { Err(OVERLOADED) } else { Ok(()) }
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// What `work` gives, once a thread is free for it. Not done if nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let (answer, outcome) = oneshot::channel();
        let work = move |turn| {
            if answer.is_closed() {
                return;
            }
            let outcome = match turn {
                Turn::InTime => Ok(work()),
                Turn::TooLate => Err(OVERLOADED),
            };
            // A closed channel means that the client went while we hashed.
            let _ = answer.send(outcome);
        };
        self.enqueue(Job {
            queued: Instant::now(),
            work: Box::new(work),
        })?;
        outcome.await.map_err(gone)?
    }

    /// A gauge that is told before the job is sent cannot be overtaken by the thread that takes it.
    fn enqueue(&self, job: Job) -> Result<(), AuthError> {
        self.load.change(1, 0);
        self.jobs.try_send(job).map_err(|error| {
            self.load.change(-1, 0);
            match error {
                TrySendError::Full(_) => OVERLOADED,
                TrySendError::Disconnected(_) => AuthError::Unavailable(gone("no thread is left")),
            }
        })
    }

    #[cfg(test)]
    pub(super) fn load(&self) -> (i32, i32) {
        *self.load.0.lock().unwrap()
    }
}

const OVERLOADED: AuthError = AuthError::Overloaded {
    retry_after: RETRY_AFTER,
};

fn gone(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("password hashing", error)
}

fn serve(queue: &Mutex<Receiver<Job>>, load: &Load, longest_wait: Duration) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { queued, work }) = job else {
            return;
        };
        load.change(-1, 1);
        let turn = if queued.elapsed() >= longest_wait {
            Turn::TooLate
        } else {
            Turn::InTime
        };
        // A fault in the code of one format must not cost a thread: who waits for this job is told
        // that it is gone, and the next one is served.
        if let Err(fault) = catch_unwind(AssertUnwindSafe(|| work(turn))) {
            error!(fault = words(&*fault), "password hashing panicked");
        }
        load.change(0, -1);
    }
}

/// A hash takes all it can get for a tenth of a second: whoever asks for less goes first, so that a storm
/// of logins does not keep checks of tokens waiting. On Linux the priority is the thread's own.
#[cfg(target_os = "linux")]
fn step_back() {
    const LAST: i32 = 19;
    if let Err(error) = rustix::process::setpriority_process(None, LAST) {
        warn!(%error, "hashing threads have no lower priority than others");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

fn words(fault: &(dyn Any + Send)) -> &str {
    let text = fault.downcast_ref::<&str>().copied();
    text.unwrap_or("no reason given")
}

/// How many jobs wait and how many threads are at work, as `/metrics` shows them.
#[derive(Default)]
struct Load(Mutex<(i32, i32)>);

impl Load {
    /// The gauges are set under the lock, so that an older number never stands over a newer one.
    fn change(&self, waiting: i32, busy: i32) {
        let mut load = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        load.0 += waiting;
        load.1 += busy;
        gauge!("isogloss_hashing_queue_length").set(load.0);
        gauge!("isogloss_hashing_threads_busy").set(load.1);
    }
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
            // By now all have been asked: join polls in order.
            drop(open);
        };
        let (first, answers, ()) = tokio::join!(blocked, all, release);
        assert!(first.unwrap());
        let served = answers.iter().filter(|answer| answer.is_ok()).count();
        let refused = answers
            .iter()
            .filter(|answer| matches!(answer, Err(AuthError::Overloaded { .. })))
            .count();
        // Two could wait if the thread had taken the first one by then, else one.
        assert!((1..=2).contains(&served), "{served}");
        assert_eq!(served + refused, 31);
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_job_that_has_waited_too_long_is_not_done_but_refused() {
        let pool = pool(8, Duration::ZERO);
        let refused = pool.run(|| panic!("it was done")).await;
        assert!(matches!(refused, Err(AuthError::Overloaded { .. })));
    }

    #[tokio::test]
    async fn a_fault_costs_its_own_job_and_no_thread() {
        let pool = pool(8, LONG);
        let gone: Result<(), _> = pool.run(|| panic!("a fault")).await;
        assert!(matches!(gone, Err(AuthError::Unavailable(_))));
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
        // The thread takes itself off the count after it has answered; its next job finds one again.
        let inside = {
            let pool = pool.clone();
            move || pool.load()
        };
        assert_eq!(pool.run(inside).await.unwrap(), (0, 1));
    }
}
