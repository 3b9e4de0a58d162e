//! The jobs that wait for a hashing thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use isogloss_bcrypt_lanes::Cost;
use metrics::gauge;

use super::{Job, Work};

/// Jobs in their order, and the number of busy threads, which `/metrics` shows.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Notified of new jobs, and of the end.
    changed: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    busy: usize,
    has_ended: bool,
}

impl Queue {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.locked().jobs.len() >= self.capacity
    }

    /// Adds a job at the end. Returns `false`, and drops the job, if the queue is full.
    pub(super) fn push(&self, job: Job) -> bool {
        let mut state = self.locked();
        if state.jobs.len() >= self.capacity {
            return false;
        }
        state.jobs.push_back(job);
        state.update_gauges();
        drop(state);
        self.changed.notify_one();
        true
    }

    /// Waits for a job. Returns the one that has waited longest, and up to `extra` others that can run together
    /// with it. Returns `None` once the queue has ended and is empty.
    pub(super) fn pop(&self, extra: usize) -> Option<Vec<Job>> {
        let mut state = self.locked();
        let first = loop {
            if let Some(job) = state.jobs.pop_front() {
                break job;
            }
            if state.has_ended {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        };
        let cost = first.cost();
        let mut jobs = vec![first];
        let mut index = 0;
        while cost.is_some() && jobs.len() <= extra && index < state.jobs.len() {
            if state.jobs[index].cost() == cost {
                jobs.extend(state.jobs.remove(index));
            } else {
                index += 1;
            }
        }
        state.busy += 1;
        state.update_gauges();
        Some(jobs)
    }

    /// Records that the jobs of one `pop` are done: one thread less is busy.
    pub(super) fn record_done(&self) {
        let mut state = self.locked();
        state.busy -= 1;
        state.update_gauges();
    }

    /// Ends the queue: threads that wait for a job get `None` once it is empty.
    pub(super) fn end(&self) {
        self.locked().has_ended = true;
        self.changed.notify_all();
    }

    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.locked();
        (state.jobs.len(), state.busy)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sets the gauges of `/metrics` to the numbers of waiting logins and busy threads. Call it under the lock, so
    /// that an older number never overwrites a newer one.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn update_gauges(&self) {
        gauge!("isogloss_hashing_queue_length").set(self.jobs.len() as f64);
        gauge!("isogloss_hashing_threads_busy").set(self.busy as f64);
    }
}

impl Job {
    /// Returns the bcrypt cost of the job: jobs of one cost can run together. Returns `None` for jobs that run
    /// alone.
    fn cost(&self) -> Option<Cost> {
        match &self.work {
            Work::Bcrypt(work) => Some(work.lane.cost()),
            Work::Alone(_) => None,
        }
    }
}
