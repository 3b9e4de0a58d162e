//! Clients that log in repeatedly.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::dialects::BIMPLUS;
use crate::times::Times;
use crate::wire::Wire;

/// Latencies of all logins. They count from when the login is sent; connecting is measured separately.
pub(super) struct Logins {
    connected: Times,
    done: Times,
    pub(super) refused: Times,
}

impl Logins {
    pub(super) fn new() -> Result<Self> {
        let empty = Times::new()?;
        Ok(Self {
            connected: empty.clone(),
            done: empty.clone(),
            refused: empty,
        })
    }

    pub(super) fn told(&self) -> String {
        format!(
            "half connected within {:.1} ms, all within {:.0} ms; {} done, half within {:.0} ms; \
             {} refused, 99 % within {:.1} ms, all within {:.1} ms",
            self.connected.at(50.0),
            self.connected.at(100.0),
            self.done.many(),
            self.done.at(50.0),
            self.refused.many(),
            self.refused.at(99.0),
            self.refused.at(100.0)
        )
    }
}

/// Logs in repeatedly. After a refusal, the client waits between 0.5 and 1.5 seconds, since people do not return
/// in step.
pub(super) fn client(
    server: SocketAddr,
    number: usize,
    stop: &AtomicBool,
    logins: &Mutex<Logins>,
) -> Result<()> {
    let pause = Duration::from_millis(500 + (number * 617 % 1_000) as u64);
    let login = BIMPLUS.login();
    let begun = Instant::now();
    let mut wire = Wire::open(server)?;
    locked(logins).connected.add(begun.elapsed());
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let status = wire.ask(&login)?.status;
        let took = asked.elapsed();
        let mut logins = locked(logins);
        match status {
            200 => logins.done.add(took),
            503 => logins.refused.add(took),
            status => bail!("the response to a login is {status}"),
        }
        drop(logins);
        if status == 503 {
            thread::sleep(pause);
        }
    }
    Ok(())
}

fn locked(logins: &Mutex<Logins>) -> MutexGuard<'_, Logins> {
    logins.lock().unwrap_or_else(PoisonError::into_inner)
}
