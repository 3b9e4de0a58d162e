//! The jobs that wait for a hashing thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use metrics::gauge;

use super::{Job, Work};

/// Jobs in their order, and the number of busy threads, which `/metrics` shows.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Notified of new jobs, and of the end.
    news: Condvar,
    room: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    busy: usize,
    has_ended: bool,
}

impl Queue {
    pub(super) fn with_room_for(room: usize) -> Self {
        Self {
            state: Mutex::default(),
            news: Condvar::new(),
            room,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.locked().jobs.len() >= self.room
    }

    /// Adds a job. Returns `false` if there is no room for it.
    pub(super) fn push(&self, job: Job) -> bool {
        let mut state = self.locked();
        if state.jobs.len() >= self.room {
            return false;
        }
        state.jobs.push_back(job);
        state.show();
        drop(state);
        self.news.notify_one();
        true
    }

    /// Waits for a job. Returns the one that has waited longest, and up to `beside` others that can run together
    /// with it; `None` once the queue has ended and is empty.
    pub(super) fn pop(&self, beside: usize) -> Option<Vec<Job>> {
        let mut state = self.locked();
        let first = loop {
            if let Some(job) = state.jobs.pop_front() {
                break job;
            }
            if state.has_ended {
                return None;
            }
            state = self
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        };
        let cost = first.cost();
        let mut jobs = vec![first];
        let mut place = 0;
        while cost.is_some() && jobs.len() <= beside && place < state.jobs.len() {
            if state.jobs[place].cost() == cost {
                jobs.extend(state.jobs.remove(place));
            } else {
                place += 1;
            }
        }
        state.busy += 1;
        state.show();
        Some(jobs)
    }

    /// Records that the jobs of one `pop` are done.
    pub(super) fn note_done(&self) {
        let mut state = self.locked();
        state.busy -= 1;
        state.show();
    }

    /// Ends the queue: no more jobs are added.
    pub(super) fn end(&self) {
        self.locked().has_ended = true;
        self.news.notify_all();
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
    /// Updates the gauges. This happens under the lock, so that an older number never overwrites a newer one.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn show(&self) {
        gauge!("isogloss_hashing_queue_length").set(self.jobs.len() as f64);
        gauge!("isogloss_hashing_threads_busy").set(self.busy as f64);
    }
}

impl Job {
    /// Returns the cost at which other jobs can run together with this one. `None` if they cannot.
    fn cost(&self) -> Option<u32> {
        match &self.work {
            Work::Lane(lane, _) => Some(lane.cost()),
            Work::Alone(_) => None,
        }
    }
}
