//! A hashing thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{error, warn};

use super::queue::Queue;
use super::{Job, OVERLOADED, Turn, Work};
use crate::bcrypt_lane::{Lane, fit};
use crate::error::HashingError;
use crate::settings::PasswordSettings;

/// Runs jobs until the queue ends.
pub(super) fn serve(queue: &Queue, settings: PasswordSettings) {
    if settings.low_priority {
        step_back();
    }
    let beside = settings.at_once() - 1;
    while let Some(jobs) = queue.pop(beside) {
        // A panic in the code of one format must not end the thread: the caller of that job gets an error, and
        // the next job runs.
        let work = AssertUnwindSafe(|| work(jobs, settings));
        if let Err(fault) = catch_unwind(work) {
            error!(fault = words(&*fault), "password hashing panicked");
        }
        queue.note_done();
    }
}

fn work(jobs: Vec<Job>, settings: PasswordSettings) {
    let (mut lanes, mut answers) = (Vec::new(), Vec::new());
    for Job { queued, work } in jobs {
        let turn = turn(queued.elapsed(), settings.queue_timeout);
        match (work, turn) {
            (Work::Alone(work), turn) => work(turn),
            (Work::Lane(_, answer), _) if answer.is_closed() => {}
            (Work::Lane(_, answer), Turn::TooLate) => tell(answer, Err(OVERLOADED)),
            (Work::Lane(lane, answer), Turn::InTime) => {
                lanes.push(lane);
                answers.push(answer);
            }
        }
    }
    let fits = if settings.lanes {
        fit(&lanes)
    } else {
        lanes.iter().map(Lane::fits).collect()
    };
    for (answer, fits) in answers.into_iter().zip(fits) {
        tell(answer, Ok(fits));
    }
}

fn turn(waited: Duration, longest: Duration) -> Turn {
    if waited >= longest {
        Turn::TooLate
    } else {
        Turn::InTime
    }
}

/// Sends a result. A closed channel means that the caller was cancelled during the hashing.
fn tell(answer: oneshot::Sender<Result<bool, HashingError>>, outcome: Result<bool, HashingError>) {
    let _ = answer.send(outcome);
}

/// Lowers the priority of this thread. A hash takes all the time of a core that it can get for a tenth of a
/// second: threads that need less run first, so that a storm of logins does not delay token validations. On
/// Linux the priority is per thread.
#[cfg(target_os = "linux")]
fn step_back() {
    const LAST: i32 = 19;
    if let Err(error) = rustix::process::setpriority_process(None, LAST) {
        warn!(%error, "cannot lower the priority of the hashing threads");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

fn words(fault: &(dyn Any + Send)) -> &str {
    let text = fault.downcast_ref::<&str>().copied();
    text.unwrap_or("no reason given")
}
