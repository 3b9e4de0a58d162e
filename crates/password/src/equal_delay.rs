//! Delays that take as long as a recent password check, for logins that are refused without one.
//!
//! A lock refuses a login before anything is hashed, so that guesses cost us nothing. In a dialect whose
//! response to a lock is that to a wrong password, the timing must not reveal the difference either.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// The number of remembered checks: enough to resemble them, few enough to follow the load.
const REMEMBERED: usize = 64;

/// Recent latencies, and the thread that ends delays. The thread ends when this is dropped.
pub(crate) struct EqualDelay {
    recent: Mutex<Recent>,
    timers: Sender<Timer>,
}

#[derive(Default)]
struct Recent {
    /// How long the last checks took.
    took: VecDeque<Duration>,
    /// How much longer than intended the last waits were.
    late: VecDeque<Duration>,
}

struct Timer {
    at: Instant,
    wake: oneshot::Sender<()>,
}

impl EqualDelay {
    /// Starts the thread that ends delays.
    ///
    /// The timers of tokio count whole milliseconds. That would be enough to distinguish a delay from a hash, with
    /// a few thousand samples of each.
    ///
    /// # Errors
    ///
    /// If the system starts no further thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (timers, set) = channel();
        thread::Builder::new()
            .name("equal-delay".to_owned())
            .spawn(move || run_timers(&set))?;
        Ok(Self {
            recent: Mutex::default(),
            timers,
        })
    }

    /// Records how long a password check took; later delays resemble it.
    pub(crate) fn record(&self, took: Duration) {
        remember(&mut self.recent().took, took);
    }

    /// Waits as long as one of the last password checks took. Returns immediately if none was recorded.
    pub(crate) async fn wait(&self) {
        self.wait_since(Instant::now()).await;
    }

    /// Waits until `begun` is as long ago as one of the last password checks took. Returns immediately if it is
    /// already longer ago, or if no check was recorded.
    pub(crate) async fn wait_since(&self, begun: Instant) {
        if let Some(long) = self.pick() {
            self.wait_until(begun, long).await;
        }
    }

    /// Waits for as much longer than `spent` as nine tenths of the last checks took. Rare longer ones do not count: the
    /// system may have interrupted them.
    pub(crate) async fn wait_for_longest_after(&self, spent: Duration) {
        let longest = {
            let recent = self.recent();
            let mut took: Vec<_> = recent.took.iter().copied().collect();
            took.sort_unstable();
            took.get(took.len() * 9 / 10).copied().unwrap_or_default()
        };
        self.wait_until(Instant::now(), longest.saturating_sub(spent))
            .await;
    }

    async fn wait_until(&self, begun: Instant, long: Duration) {
        if begun.elapsed() >= long {
            return;
        }
        let early = self.lateness();
        // Waking up takes time, too, so it begins earlier by that time.
        let asked = long.saturating_sub(early);
        let (wake, woken) = oneshot::channel();
        let at = begun + asked;
        if self.timers.send(Timer { at, wake }).is_ok() {
            // The wait is over, whether the timer fired or its thread is gone.
            let _ = woken.await;
        }
        let late = begun.elapsed().saturating_sub(asked);
        remember(&mut self.recent().late, late);
    }

    /// Returns how long one of the last checks took, chosen at random. Returns `None` if no check was recorded.
    fn pick(&self) -> Option<Duration> {
        let recent = self.recent();
        let random = getrandom::u32().unwrap_or_default() as usize;
        recent.took.get(random % recent.took.len().max(1)).copied()
    }

    /// Returns the median of how late recent delays ended.
    fn lateness(&self) -> Duration {
        let mut late: Vec<_> = self.recent().late.iter().copied().collect();
        late.sort_unstable();
        late.get(late.len() / 2).copied().unwrap_or_default()
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(row: &mut VecDeque<Duration>, newest: Duration) {
    if row.len() == REMEMBERED {
        row.pop_front();
    }
    row.push_back(newest);
}

/// Receives timers and wakes each waiting task at its time. Returns once the sender is dropped.
fn run_timers(set: &Receiver<Timer>) {
    let mut timers = BinaryHeap::new();
    loop {
        let next = match timers.peek() {
            None => set.recv().map_err(RecvTimeoutError::from),
            Some(Reverse(Timer { at, .. })) => {
                set.recv_timeout(at.saturating_duration_since(Instant::now()))
            }
        };
        match next {
            Ok(timer) => timers.push(Reverse(timer)),
            Err(RecvTimeoutError::Timeout) => {}
            // Tasks that still wait are woken when their timers are dropped.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        while let Some(Reverse(timer)) = timers.pop() {
            if timer.at > now {
                timers.push(Reverse(timer));
                break;
            }
            // A closed channel means that the waiting task was cancelled.
            let _ = timer.wake.send(());
        }
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn without_a_check_there_is_no_wait() {
        let delay = EqualDelay::start().unwrap();
        assert_eq!(delay.wait().now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn only_the_last_checks_count() {
        let delay = EqualDelay::start().unwrap();
        delay.record(Duration::from_hours(1));
        for _ in 0..REMEMBERED {
            delay.record(Duration::from_millis(1));
        }
        let picks = (0..1000).filter_map(|_| delay.pick());
        for took in picks {
            assert_eq!(took, Duration::from_millis(1));
        }
        delay.wait().await;
    }

    #[tokio::test]
    async fn the_longest_delay_is_shorter_by_what_was_spent_and_leaves_out_what_is_rare() {
        let delay = EqualDelay::start().unwrap();
        for _ in 0..60 {
            delay.record(Duration::from_mins(1));
        }
        delay.record(Duration::from_hours(1));
        let wait = |spent| delay.wait_for_longest_after(spent).now_or_never();
        assert_eq!(wait(Duration::from_secs(59)), None);
        assert_eq!(wait(Duration::from_mins(1)), Some(()));
    }

    #[tokio::test]
    async fn a_short_wait_is_not_held_up_by_a_long_one() {
        let delay = EqualDelay::start().unwrap();
        delay.record(Duration::from_hours(1));
        let mut long = Box::pin(delay.wait());
        assert_eq!(long.as_mut().now_or_never(), None);
        for _ in 0..REMEMBERED {
            delay.record(Duration::ZERO);
        }
        delay.wait().await;
        assert_eq!(long.now_or_never(), None);
    }
}
