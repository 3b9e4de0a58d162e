//! A storm of logins beside a steady stream of token checks: how long the checks take, whether any is
//! refused, and whether memory grows.
//!
//! `make storm`. Checks are sent at their time, whether those before were answered or not, and their
//! time counts from when they were due. A client whose login is refused comes again after half a second
//! to one and a half.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where it stumbles, and prints"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Gateway, Request, Store};
use serde_json::json;

/// How many log in at once.
const CLIENTS: usize = 500;
/// Checks a second, and over how many connections.
const RATE: u32 = 1000;
const CONNECTIONS: u32 = 8;
const IDLE: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(5);
const STORM: Duration = Duration::from_secs(20);
/// How much longer 99 of 100 checks may take during the storm.
const ALLOWED: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let gateway = Gateway::builder(env!("CARGO_BIN_EXE_isogloss-under-test"))
        .store(Store::Embedded)
        .env("ISOGLOSS__PASSWORDS__BCRYPT_COST", "10")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let server = gateway.public();
    let login = json!({"user_id": "admin", "password": "admin-demo"});
    let login = Request::post("/v2/authorize").json(&login);
    let answer = login.send(server).unwrap().json().unwrap();
    let token = answer["access_token"].as_str().unwrap();

    let idle = checks(server, token, IDLE);
    let stop = AtomicBool::new(false);
    let (done, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let (storm, before, after) = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (login, stop, done, refused) = (&login, &stop, &done, &refused);
            scope.spawn(move || {
                // People do not come back in step.
                let pause = Duration::from_millis(500 + (client * 617 % 1000) as u64);
                thread::sleep(pause);
                while !stop.load(Ordering::Relaxed) {
                    match login.send(server).unwrap().status {
                        200 => done.fetch_add(1, Ordering::Relaxed),
                        503 => {
                            thread::sleep(pause);
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        status => panic!("a login is answered {status}"),
                    };
                }
            });
        }
        // The first wave is no measure of what follows.
        thread::sleep(WARM_UP);
        let before = memory(&gateway);
        let storm = checks(server, token, STORM);
        let after = memory(&gateway);
        stop.store(true, Ordering::Relaxed);
        (storm, before, after)
    });
    idle.print("idle");
    storm.print("storm");
    let seconds = (STORM + WARM_UP).as_secs();
    println!(
        "{CLIENTS} clients: {} logins/s, {} refused/s; memory {before} kB, then {after} kB",
        done.into_inner() / seconds,
        refused.into_inner() / seconds
    );
    let (most, took) = (idle.at(99) + ALLOWED, storm.at(99));
    let calm = took <= most && storm.refused == 0;
    let flat = after <= before + before / 10;
    println!(
        "99 % of checks in {took:.1?}, allowed {most:.1?}, {} refused: {}; memory: {}",
        storm.refused,
        verdict(calm),
        verdict(flat)
    );
    if calm && flat {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// The resident memory, in kB.
fn memory(gateway: &Gateway) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

/// How long checks took, the quickest first, and how many were not answered with 200.
struct Checks {
    took: Vec<Duration>,
    refused: usize,
}

impl Checks {
    fn at(&self, percent: usize) -> Duration {
        self.took[(self.took.len() - 1) * percent / 100]
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} checks, half in {:.1?}, 99 % in {:.1?}, all in {:.1?}",
            self.took.len(),
            self.at(50),
            self.at(99),
            self.at(100)
        );
    }
}

fn checks(server: SocketAddr, token: &str, during: Duration) -> Checks {
    let mut all = Checks {
        took: Vec::new(),
        refused: 0,
    };
    thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|number| scope.spawn(move || connection(server, token, number, during)))
            .collect();
        for connection in connections {
            let checks = connection.join().unwrap();
            all.took.extend(checks.took);
            all.refused += checks.refused;
        }
    });
    all.took.sort_unstable();
    all
}

/// Sends its part of the checks over one connection, and reads the answers beside that.
fn connection(server: SocketAddr, token: &str, number: u32, during: Duration) -> Checks {
    let step = Duration::from_secs(1) * CONNECTIONS / RATE;
    let many = u32::try_from(during.as_micros() / step.as_micros()).unwrap();
    let begin = Instant::now() + step * number / CONNECTIONS;
    let due = |check: u32| begin + step * check;
    let mut writer = TcpStream::connect(server).unwrap();
    writer.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(writer.try_clone().unwrap());
    let request =
        format!("GET /v2/authorize HTTP/1.1\r\nHost: x\r\nAuthorization: BimPlus {token}\r\n\r\n");
    thread::scope(|scope| {
        scope.spawn(move || {
            for check in 0..many {
                thread::sleep(due(check).saturating_duration_since(Instant::now()));
                writer.write_all(request.as_bytes()).unwrap();
            }
        });
        let mut checks = Checks {
            took: Vec::new(),
            refused: 0,
        };
        for check in 0..many {
            if read_answer(&mut reader) != 200 {
                checks.refused += 1;
            }
            checks.took.push(due(check).elapsed());
        }
        checks
    })
}

/// Reads one answer; its status.
fn read_answer(reader: &mut BufReader<TcpStream>) -> u16 {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    status
}
