//! A hashing thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{error, warn};

use super::queue::Queue;
use super::task::BcryptWork;
use super::{Deadline, Job, OVERLOADED, Work};
use crate::bcrypt_lane::{BcryptLane, BcryptOutput, compute_all};
use crate::error::HashingError;
use crate::settings::PasswordSettings;

/// Runs jobs from the queue until it ends. A panic of a job is logged and ends neither the thread nor the queue.
pub(super) fn run_worker(queue: &Queue, settings: PasswordSettings) {
    if settings.low_priority {
        lower_priority();
    }
    let extra = settings.batch_size() - 1;
    while let Some(jobs) = queue.pop(extra) {
        // A panic in the code of one format must not end the thread: the caller of that job gets an error, and
        // the next job runs.
        let work = AssertUnwindSafe(|| run_jobs(jobs, settings));
        if let Err(fault) = catch_unwind(work) {
            log_panic(&*fault);
        }
        queue.record_done();
    }
}

fn run_jobs(jobs: Vec<Job>, settings: PasswordSettings) {
    let (mut lanes, mut senders) = (Vec::new(), Vec::new());
    for Job { queued, work, .. } in jobs {
        let deadline = deadline(queued.elapsed(), settings.queue_timeout);
        match (work, deadline) {
            (Work::Alone(work), deadline) => work(deadline),
            (Work::Bcrypt(work), _) if work.sender.is_closed() => {}
            (Work::Bcrypt(work), Deadline::Missed) => send(work.sender, Err(OVERLOADED)),
            (Work::Bcrypt(work), Deadline::Met) => {
                let BcryptWork {
                    before,
                    lane,
                    sender,
                } = work;
                // A panic here must not fail the other logins. The caller of this one gets an error.
                let before = before.map(|before| catch_unwind(AssertUnwindSafe(before)));
                if let Some(Err(fault)) = before {
                    log_panic(&*fault);
                    continue;
                }
                lanes.push(lane);
                senders.push(sender);
            }
        }
    }
    let outputs = if settings.lanes {
        compute_all(&lanes)
    } else {
        lanes.iter().map(BcryptLane::compute).collect()
    };
    for (sender, output) in senders.into_iter().zip(outputs) {
        send(sender, Ok(output));
    }
}

fn deadline(waited: Duration, longest: Duration) -> Deadline {
    if waited >= longest {
        Deadline::Missed
    } else {
        Deadline::Met
    }
}

/// Sends a result to the caller. Does nothing if the caller was cancelled during the hashing.
fn send(
    sender: oneshot::Sender<Result<BcryptOutput, HashingError>>,
    outcome: Result<BcryptOutput, HashingError>,
) {
    let _ = sender.send(outcome);
}

/// Lowers the priority of this thread, and logs a warning if the system refuses. A hash takes all the time of a
/// core that it can get for a tenth of a second: threads that need less run first, so that a storm of logins does
/// not delay token validations. On Linux the priority is per thread.
#[cfg(target_os = "linux")]
fn lower_priority() {
    const LAST: i32 = 19;
    if let Err(error) = rustix::process::setpriority_process(None, LAST) {
        warn!(%error, "cannot lower the priority of the hashing threads");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

fn log_panic(fault: &(dyn Any + Send)) {
    let text = fault.downcast_ref::<&str>().copied();
    let fault = text.unwrap_or("no reason given");
    error!(fault, "password hashing panicked");
}
