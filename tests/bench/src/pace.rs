//! Requests at a steady rate, sent at their time even if earlier ones have no response yet.
//!
//! Latency counts from the time at which the request was due.

use std::io::Write as _;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::wire::Wire;

/// Requests per second, over how many connections, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rate: u32,
    pub(crate) connections: u32,
    pub(crate) during: Duration,
}

/// One response: when its request was due since the beginning, its latency, and its status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) due: Duration,
    pub(crate) took: Duration,
    pub(crate) status: u16,
}

impl Pace {
    /// Returns the time between two requests of one connection.
    fn step(self) -> Duration {
        Duration::from_secs(1) * self.connections / self.rate
    }

    /// Returns how many requests each connection sends.
    fn each(self) -> u32 {
        let many = self.during.as_nanos() / self.step().as_nanos().max(1);
        u32::try_from(many).unwrap_or(u32::MAX)
    }

    /// Returns when a connection's request is due, since the beginning.
    fn due(self, connection: u32, request: u32) -> Duration {
        self.step() * connection / self.connections + self.step() * request
    }
}

/// Sends the same request repeatedly, and calls `answered` for every response.
pub(crate) fn steadily(
    server: SocketAddr,
    request: &str,
    pace: Pace,
    answered: &(dyn Fn(Answered) + Sync),
) -> Result<()> {
    let begin = Instant::now();
    thread::scope(|scope| {
        let connections: Vec<_> = (0..pace.connections)
            .map(|number| {
                scope.spawn(move || connection(server, request, pace, number, begin, answered))
            })
            .collect();
        connections
            .into_iter()
            .try_for_each(|one| one.join().ok().context("a connection panicked")?)
    })
}

/// Sends the requests of one connection, and reads the responses concurrently.
fn connection(
    server: SocketAddr,
    request: &str,
    pace: Pace,
    number: u32,
    begin: Instant,
    answered: &(dyn Fn(Answered) + Sync),
) -> Result<()> {
    let mut wire = Wire::open(server)?;
    let mut writer = wire.writer()?;
    thread::scope(|scope| {
        let sending = scope.spawn(move || -> Result<()> {
            for one in 0..pace.each() {
                let due = begin + pace.due(number, one);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                writer.write_all(request.as_bytes())?;
            }
            Ok(())
        });
        for one in 0..pace.each() {
            let due = pace.due(number, one);
            let status = wire.read()?.status;
            answered(Answered {
                due,
                took: begin.elapsed().saturating_sub(due),
                status,
            });
        }
        sending.join().ok().context("a writer panicked")?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_over_the_second_and_the_connections() {
        let pace = Pace {
            rate: 4000,
            connections: 16,
            during: Duration::from_secs(5),
        };
        assert_eq!(pace.step(), Duration::from_millis(4));
        assert_eq!(pace.each() * pace.connections, 20_000);
        assert_eq!(pace.due(0, 1), Duration::from_millis(4));
        assert_eq!(pace.due(8, 1), Duration::from_millis(6));
    }
}
