//! All requests but the steady checks: sessions from login to logout in all dialects, and invalid input of all
//! kinds.
//!
//! Each is sent at its time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::dialects::{ALL, BIMPLUS, Dialect, check, request};
use crate::wire::{Answer, Wire};

/// Number of clients that take turns, so that one slow response does not delay the next.
const CLIENTS: u32 = 8;

/// The clients' server, and their counts and failures so far.
pub(super) struct Mix {
    server: SocketAddr,
    turns: AtomicU64,
    requests: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Mix {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            turns: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            failures: Mutex::default(),
        }
    }

    /// Runs that many turns per second.
    pub(super) fn run(&self, each_second: u32, during: Duration) -> Result<()> {
        let begin = Instant::now();
        let step = Duration::from_secs(1) * CLIENTS / each_second;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let first = begin + step * number / CLIENTS;
                    scope.spawn(move || self.client(first, step, begin + during))
                })
                .collect();
            for client in clients {
                client.join().ok().context("a client panicked")?;
            }
            Ok(())
        })
    }

    fn client(&self, first: Instant, step: Duration, end: Instant) {
        let mut due = first;
        while due < end {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let turn = self.turns.fetch_add(1, Ordering::Relaxed);
            let dialect = ALL[usize::try_from(turn).unwrap_or_default() % ALL.len()];
            if let Err(error) = self.turn(dialect) {
                let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("{}: {error:#}", dialect.name));
            }
            due += step;
        }
    }

    /// Runs a session over a connection of its own, so that connections come and go, too.
    fn turn(&self, dialect: Dialect) -> Result<()> {
        let mut wire = Wire::open(self.server)?;
        let mut ask = |request: &str| -> Result<Answer> {
            self.requests.fetch_add(1, Ordering::Relaxed);
            wire.ask(request)
        };
        let token = dialect.token_in(&ask(&dialect.login())?)?;
        if dialect.name == BIMPLUS.name {
            is(&ask(&check(&token))?, 200, "a check")?;
        }
        is(&ask(&dialect.logout(&token))?, 200, "a logout")?;
        refused(dialect, &ask(&dialect.logout(&token))?, "a second logout")?;
        if dialect.name == BIMPLUS.name {
            is(&ask(&check(&token))?, 401, "a check after the logout")?;
        }
        refused(dialect, &ask(&dialect.wrong_login())?, "a wrong password")?;
        is(&ask(&check("garbage"))?, 401, "garbage as a token")?;
        is(
            &ask(&request("GET", "/no/such/route", "", ""))?,
            404,
            "an unknown route",
        )?;
        // Last, because the gateway may close the connection after a malformed request.
        refused(
            dialect,
            &ask(&dialect.malformed_login())?,
            "a malformed body",
        )
    }

    pub(super) fn failures(&self) -> Vec<String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.clone()
    }

    /// Returns a summary of what was sent.
    pub(super) fn told(&self) -> String {
        format!(
            "{} sessions in all dialects, invalid input with each, {} requests in total",
            self.turns.load(Ordering::Relaxed),
            self.requests.load(Ordering::Relaxed)
        )
    }
}

fn is(answer: &Answer, status: u16, what: &str) -> Result<()> {
    ensure!(
        answer.status == status,
        "the response to {what} is {}, not {status}",
        answer.status
    );
    Ok(())
}

/// Checks that the response is a client error without a token. CRM.COM uses status 200 and an envelope for errors.
fn refused(dialect: Dialect, answer: &Answer, what: &str) -> Result<()> {
    let body = String::from_utf8_lossy(&answer.body);
    let is_envelope = answer.status == 200 && body.contains("COM.CRM.EXCEPTION");
    ensure!(
        (is_envelope || (400..=404).contains(&answer.status)) && !dialect.opens(answer),
        "the response to {what} is {}",
        answer.status
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::TOKENLOGIN;

    #[test]
    fn a_refusal_opens_nothing_and_is_no_fault_of_the_gateway() {
        let answer = |status, body: &str| Answer {
            status,
            body: body.into(),
        };
        let is_refused = |status, body| refused(TOKENLOGIN, &answer(status, body), "it").is_ok();
        assert!(is_refused(401, "{}"));
        assert!(is_refused(401, r#"{"SessionToken":""}"#));
        assert!(is_refused(200, r#"{"code":"COM.CRM.EXCEPTION.X"}"#));
        assert!(!is_refused(200, "{}"));
        assert!(!is_refused(401, r#"{"SessionToken":"x"}"#));
        assert!(!is_refused(503, "{}"));
    }
}
