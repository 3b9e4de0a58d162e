//! Guesses in four dialects: what is counted, which clients are delayed, and what the responses reveal.

mod budgets;
mod keys;
mod known;
mod revealed;
mod spray;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isogloss_testkit::{Builder, Gateway, Request, Response};
use serde_json::json;

/// Locks and refill times that are longer than any test.
const ENDLESS: &str = "\
first_lock = '1day'
longest_lock = '1day'
account_refill = '1day'
known_client_refill = '1day'
source_refill = '1day'
network_refill = '1day'
key_refill = '1day'
everywhere_refill = '1day'
code_refill = '1day'
";

/// Number of logins that are sent at the same time.
const CONCURRENT: usize = 32;

/// Settings for thousands of logins of one client, so that the throttle alone refuses them.
const LONG_QUEUE: &str = "\
[passwords]
queue = 1000
queue_timeout = '1m'
account_share = 100
source_share = 100
";

fn gateway(throttle: &str) -> Builder {
    Gateway::builder(crate::PROGRAM).config_text(format!("[throttle]\n{ENDLESS}{throttle}"))
}

/// Calls `send` with each number below `count`, [`CONCURRENT`] at a time.
fn concurrently(count: usize, send: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CONCURRENT {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::Relaxed)
                    && number < count
                {
                    send(number);
                }
            });
        }
    });
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Dialect {
    Bimplus,
    Crmcom,
    Tokenlogin,
    Memsource,
}

use Dialect::{Bimplus, Crmcom, Memsource, Tokenlogin};

const DIALECTS: [Dialect; 4] = [Bimplus, Crmcom, Tokenlogin, Memsource];

impl Dialect {
    pub(crate) fn login(self, name: &str, password: &str) -> Request {
        match self {
            Bimplus => {
                Request::post("/v2/authorize").json(&json!({"user_id": name, "password": password}))
            }
            Crmcom => Request::post("/crmapi/rest/v2/authentication/token")
                .json(&json!({"username": name, "password": password, "organisation": "CRMDEMO"})),
            Tokenlogin => Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key")
                .json(&json!({"userName": name, "password": password})),
            Memsource => Request::post("/web/api/v3/auth/login")
                .form(format!("userName={name}&password={password}")),
        }
    }
}

/// Returns how many login attempts the gateway counted as refused without checking the password.
fn throttled(gateway: &Gateway) -> usize {
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let metrics = metrics.text();
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("isogloss_logins_throttled_total{"));
    counts
        .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
        .sum()
}

/// Returns whether this is the response to a successful login.
fn is_in(dialect: Dialect, answer: &str) -> bool {
    match dialect {
        Bimplus => answer.contains("access_token"),
        Crmcom => answer.contains(r#""code":"OK""#),
        Tokenlogin => answer.contains(r#""Authenticated":true"#),
        Memsource => answer.contains("expires"),
    }
}

fn assert_in(dialect: Dialect, request: &Request, server: SocketAddr) {
    let answer = request.send(server).unwrap().text();
    assert!(is_in(dialect, &answer), "{dialect:?}: {answer}");
}

/// Returns whether the login was throttled, in all dialects except CRM.COM.
fn is_throttled(answer: &Response) -> bool {
    answer.status == 429 && answer.header("Retry-After").is_some()
}

const BEHIND_A_PROXY: &str = "[server]\ntrusted_proxies = ['127.0.0.1', '10.0.0.0/8']";

/// Adds the header with which the trusted proxy forwards a request.
fn forwarded(request: Request, chain: &str) -> Request {
    request.header("X-Forwarded-For", chain)
}
