//! Acknowledged changes survive a kill.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use isogloss_testkit::dialects::{HeldToken, TestUser};
use isogloss_testkit::{Gateway, Request};
use serde_json::json;

use super::{assert_all, assert_each, embedded};

/// Number of gateways that are killed concurrently, each repeatedly and with a store of its own. A single one
/// would leave the machine idle, while it waits for its disk, for its start, and for the time of the kill.
const GATEWAYS: u64 = 4;
const SEED: u64 = 0x1509_1055;

/// Xorshift, for times that differ between rounds and can be reproduced.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Logs in repeatedly, in each dialect in turn, until the gateway is gone. Returns the tokens.
fn log_in_until_the_end(server: SocketAddr, count: &AtomicU64) -> Vec<HeldToken> {
    let mut answered = Vec::new();
    loop {
        let user = TestUser::admin();
        for (dialect, login) in user.logins() {
            // No response, or an incomplete one: the gateway was killed and acknowledged nothing.
            let Ok(answer) = login.send(server) else {
                return answered;
            };
            answered.extend(user.tokens(dialect, &answer).unwrap());
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Logs in and out until the gateway is gone. Returns the tokens whose logout was acknowledged.
fn log_out_until_the_end(server: SocketAddr, count: &AtomicU64) -> Vec<String> {
    let mut ended = Vec::new();
    loop {
        let body = json!({"user_id": "admin", "password": "admin-demo"});
        let Ok(answer) = Request::post("/v2/authorize").json(&body).send(server) else {
            return ended;
        };
        let token = answer.json().unwrap()["access_token"].clone();
        let token = token.as_str().unwrap().to_owned();
        let out = Request::new("DELETE", "/v2/authorize");
        let out = out.header("Authorization", format!("BimPlus {token}"));
        let Ok(answer) = out.send(server) else {
            return ended;
        };
        assert_eq!(answer.status, 200);
        ended.push(token);
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A gateway that is killed, and what it has acknowledged so far.
struct Site {
    gateway: Gateway,
    seed: u64,
    random: Random,
    promised: Vec<HeldToken>,
    ended: Vec<String>,
}

impl Site {
    fn new(seed: u64) -> Self {
        let gateway = embedded()
            .env("ISOGLOSS__TOKENS__PER_USER", "1000000")
            .env("ISOGLOSS__TOKENS__PER_CLIENT", "1000000")
            .start()
            .unwrap();
        gateway.wait_until_ready().unwrap();
        Self {
            gateway,
            seed,
            random: Random(seed),
            promised: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// Kills the gateway under load, starts it again, and checks what it acknowledged.
    fn round(&mut self, round: u64) {
        // After that many responses, and then at any time within a few commits.
        let answers = 1 + self.random.below(40);
        let moment = Duration::from_micros(self.random.below(20_000));
        let (tokens, ended) = self.kill(answers, moment);
        eprintln!(
            "seed {:#x}, round {round}: killed {moment:?} after {answers} responses, {} tokens, {} ended",
            self.seed,
            tokens.len(),
            ended.len()
        );
        self.gateway.start_again().unwrap();
        // The kill may come before the first token of its round.
        assert_all(&self.gateway, &tokens, 200);
        assert_ended(&self.gateway, &ended);
        self.promised.extend(tokens);
        self.ended.extend(ended);
    }

    /// Returns the tokens that were acknowledged before the kill, and those whose end was.
    fn kill(&self, answers: u64, moment: Duration) -> (Vec<HeldToken>, Vec<String>) {
        let count = &AtomicU64::new(0);
        thread::scope(|scope| {
            let server = self.gateway.public();
            let logins: Vec<_> = (0..3)
                .map(|_| scope.spawn(move || log_in_until_the_end(server, count)))
                .collect();
            let logouts = scope.spawn(move || log_out_until_the_end(server, count));
            while count.load(Ordering::Relaxed) < answers {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(moment);
            let killed = Command::new("kill")
                .args(["-KILL", &self.gateway.id().to_string()])
                .status();
            assert!(killed.unwrap().success());
            let tokens = logins.into_iter().flat_map(|client| client.join().unwrap());
            (tokens.collect(), logouts.join().unwrap())
        })
    }

    /// Checks that later kills lost nothing that survived an earlier one.
    fn assert_kept(&self) {
        let sample = self.promised.len().saturating_sub(500);
        assert_each(&self.gateway, &self.promised[sample..], 200);
        assert_ended(&self.gateway, &self.ended);
    }
}

/// `ISOGLOSS_ROUNDS` sets the total number of kills.
#[test]
fn what_was_answered_outlives_a_kill() {
    let rounds = std::env::var_os("ISOGLOSS_ROUNDS");
    let rounds: u64 = rounds.map_or(15, |text| text.to_str().unwrap().parse().unwrap());
    thread::scope(|scope| {
        for number in 0..GATEWAYS.min(rounds) {
            let own = rounds / GATEWAYS + u64::from(number < rounds % GATEWAYS);
            scope.spawn(move || {
                let mut site = Site::new(SEED + number);
                (1..=own).for_each(|round| site.round(round));
                site.assert_kept();
            });
        }
    });
}

fn assert_ended(gateway: &Gateway, tokens: &[String]) {
    for token in tokens {
        let request =
            Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
        let status = request.send(gateway.public()).unwrap().status;
        assert_eq!(status, 401, "a token whose end was acknowledged is valid");
    }
}
