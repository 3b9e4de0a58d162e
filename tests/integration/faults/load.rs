//! A steady load of logins, token checks and logouts, and its results.

mod client;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::client::Client;

const CLIENTS: usize = 4;
const PATIENCE: Duration = Duration::from_mins(1);
/// With asynchronous replication, the next primary may not have what was acknowledged this shortly before the old
/// one died.
const REPLICATION: Duration = Duration::from_secs(1);

/// Clients that are running.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    /// Number of successful logins of all clients.
    logins: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Tally>>,
}

/// Results of the clients.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    pub(crate) unavailable: u64,
    /// Responses that no client should get.
    wrong: Vec<String>,
    /// When the tokens were issued that were refused later.
    lost: Vec<Instant>,
    /// When the end of those tokens was acknowledged that were accepted later.
    risen: Vec<Instant>,
}

impl Load {
    pub(crate) fn on(gateway: SocketAddr) -> Self {
        let (stop, logins) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let clients = (0..CLIENTS)
            .map(|number| {
                let (stop, logins) = (Arc::clone(&stop), Arc::clone(&logins));
                thread::spawn(move || Client::new(gateway, number).works(&stop, &logins))
            })
            .collect();
        Self {
            stop,
            logins,
            clients,
        }
    }

    /// Waits until clients can log in again.
    pub(crate) fn recovers(&self) {
        let before = self.logins.load(Ordering::Relaxed);
        let deadline = Instant::now() + PATIENCE;
        while self.logins.load(Ordering::Relaxed) < before + 3 {
            assert!(Instant::now() < deadline, "no login within {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for client in self.clients {
            let tally = client.join().unwrap();
            all.done += tally.done;
            all.unavailable += tally.unavailable;
            all.wrong.extend(tally.wrong);
            all.lost.extend(tally.lost);
            all.risen.extend(tally.risen);
        }
        all
    }
}

impl Tally {
    /// Checks that all responses were right or "unavailable".
    pub(crate) fn assert_flawless(&self, what: &str, struck: Instant) {
        self.assert_right(what);
        let lost: Vec<_> = self.lost.iter().map(|at| when(*at, struck)).collect();
        let risen: Vec<_> = self.risen.iter().map(|at| when(*at, struck)).collect();
        assert!(lost.is_empty(), "{what}: valid tokens refused: {lost:?}");
        assert!(risen.is_empty(), "{what}: ended ones accepted: {risen:?}");
    }

    /// Checks that all responses were right or "unavailable", except for changes that were acknowledged less than
    /// [`REPLICATION`] before a primary died. With `waited`, logouts waited for a replica, so none may be lost.
    pub(crate) fn assert_bounded(&self, what: &str, struck: Instant, waited: bool) {
        self.assert_right(what);
        let early = |at: &&Instant| struck.saturating_duration_since(**at) > REPLICATION;
        let lost = self.lost.iter().filter(early).count();
        assert_eq!(lost, 0, "{what}: valid tokens refused");
        let risen = self.risen.iter().filter(|at| waited || early(at)).count();
        assert_eq!(risen, 0, "{what}: ended tokens accepted");
        eprintln!(
            "{what}: of changes acknowledged within {REPLICATION:?} before, {} tokens and {} logouts are lost",
            self.lost.len(),
            self.risen.len()
        );
    }

    fn assert_right(&self, what: &str) {
        assert!(self.done > 50, "{what}: too few requests to prove anything");
        let wrong: Vec<_> = self.wrong.iter().take(5).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    }
}

fn when(moment: Instant, struck: Instant) -> String {
    match moment.checked_duration_since(struck) {
        Some(after) => format!("{after:?} after the fault"),
        None => format!("{:?} before the fault", struck - moment),
    }
}
