//! A client of the load: its requests in each dialect, and how it judges the responses.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use isogloss_testkit::{Request, Response};
use serde_json::{Value, json};

use super::Tally;

/// Result of a request.
enum Outcome {
    Done(Value),
    Refused,
    Unavailable,
    Wrong(String),
}

pub(super) struct Client {
    gateway: SocketAddr,
    /// Counter that selects the next dialect.
    turn: usize,
    live: Vec<(Token, Instant)>,
    ended: Vec<(Token, Instant)>,
    tally: Tally,
}

#[derive(Clone)]
enum Token {
    Bimplus(String),
    Memsource(String),
}

impl Client {
    pub(super) fn new(gateway: SocketAddr, number: usize) -> Self {
        Self {
            gateway,
            turn: number,
            live: Vec::new(),
            ended: Vec::new(),
            tally: Tally::default(),
        }
    }

    pub(super) fn works(mut self, stop: &AtomicBool, logins: &AtomicU64) -> Tally {
        while !stop.load(Ordering::Relaxed) {
            self.turn += 1;
            if self.logs_in() {
                logins.fetch_add(1, Ordering::Relaxed);
            }
            for step in 0..6 {
                self.validates(self.turn * 7 + step * 5);
            }
            if self.turn.is_multiple_of(2) {
                self.logs_out();
            }
        }
        // Checks everything that was acknowledged once more.
        for index in 0..self.live.len() {
            self.asks_live(index);
        }
        for index in 0..self.ended.len() {
            self.asks_ended(index);
        }
        self.tally
    }

    fn logs_in(&mut self) -> bool {
        let request = match self.turn % 4 {
            0 => Request::post("/v2/authorize")
                .json(&json!({"user_id": "admin", "password": "admin-demo"})),
            1 => Request::post("/web/api/v3/auth/login")
                .form("userName=linguist&password=linguist-demo"),
            2 => Request::post("/crmapi/rest/v2/authentication/token").json(&json!({
                "username": "admin", "password": "admin-demo", "organisation": "CRMDEMO",
            })),
            _ => Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key")
                .json(&json!({"userName": "sample", "password": "sample-demo"})),
        };
        let Some(answer) = self.answered(&request) else {
            return false;
        };
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let token = match self.turn % 4 {
            0 => Token::Bimplus(text("access_token")),
            1 => Token::Memsource(text("token")),
            _ => return true,
        };
        self.live.push((token, Instant::now()));
        true
    }

    fn validates(&mut self, any: usize) {
        if !self.live.is_empty() {
            self.asks_live(any % self.live.len());
        }
        if !self.ended.is_empty() {
            self.asks_ended(any % self.ended.len());
        }
    }

    fn asks_live(&mut self, index: usize) {
        let Some((token, issued)) = self.live.get(index).cloned() else {
            return;
        };
        match self.ask(&token.presented()) {
            Outcome::Done(_) => self.tally.done += 1,
            Outcome::Unavailable => self.tally.unavailable += 1,
            Outcome::Wrong(what) => self.tally.wrong.push(format!("valid token: {what}")),
            Outcome::Refused => {
                self.tally.lost.push(issued);
                self.live.swap_remove(index);
            }
        }
    }

    fn asks_ended(&mut self, index: usize) {
        let Some((token, ended)) = self.ended.get(index).cloned() else {
            return;
        };
        match self.ask(&token.presented()) {
            Outcome::Refused => self.tally.done += 1,
            Outcome::Unavailable => self.tally.unavailable += 1,
            Outcome::Wrong(what) => self.tally.wrong.push(format!("ended token: {what}")),
            Outcome::Done(_) => {
                self.tally.risen.push(ended);
                self.ended.swap_remove(index);
            }
        }
    }

    fn logs_out(&mut self) {
        if self.live.len() < 3 {
            return;
        }
        // Whatever the response is, the token is no longer known to be valid.
        let (token, issued) = self.live.swap_remove(self.turn % self.live.len());
        match self.ask(&token.log_out()) {
            Outcome::Done(_) => {
                self.tally.done += 1;
                self.ended.push((token, Instant::now()));
            }
            Outcome::Unavailable => self.tally.unavailable += 1,
            Outcome::Wrong(what) => self.tally.wrong.push(format!("logout: {what}")),
            // The token was valid, so it counts as lost, as if a check had refused it.
            Outcome::Refused => self.tally.lost.push(issued),
        }
    }

    /// Sends a login, which may fail only as unavailable. Returns the response if it succeeds, otherwise `None`.
    fn answered(&mut self, request: &Request) -> Option<Value> {
        match self.ask(request) {
            Outcome::Done(answer) => {
                self.tally.done += 1;
                return Some(answer);
            }
            Outcome::Unavailable => self.tally.unavailable += 1,
            Outcome::Refused => self.tally.wrong.push("login: refused".to_owned()),
            Outcome::Wrong(what) => self.tally.wrong.push(format!("login: {what}")),
        }
        None
    }

    fn ask(&self, request: &Request) -> Outcome {
        match request.send(self.gateway) {
            Ok(answer) => judged(&answer),
            Err(failure) => Outcome::Wrong(failure.to_string()),
        }
    }
}

impl Token {
    fn presented(&self) -> Request {
        match self {
            Self::Bimplus(token) => {
                Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"))
            }
            Self::Memsource(token) => {
                Request::get(format!("/web/api/v3/auth/whoAmI?token={token}"))
            }
        }
    }

    fn log_out(&self) -> Request {
        match self {
            Self::Bimplus(token) => Request::new("DELETE", "/v2/authorize")
                .header("Authorization", format!("BimPlus {token}")),
            Self::Memsource(token) => {
                Request::get(format!("/web/api/v3/auth/logout?token={token}"))
            }
        }
    }
}

fn judged(answer: &Response) -> Outcome {
    let body = answer.json().unwrap_or_default();
    let code = body.pointer("/status/code").and_then(Value::as_str);
    match (answer.status, code) {
        (200, None | Some("OK")) => Outcome::Done(body),
        (200, Some(code)) if code.contains("SERVICEUNAVAILABLE") => Outcome::Unavailable,
        (401, _) => Outcome::Refused,
        (503, _) if body.is_object() => Outcome::Unavailable,
        (status, _) => Outcome::Wrong(format!("{status} {}", answer.text())),
    }
}
