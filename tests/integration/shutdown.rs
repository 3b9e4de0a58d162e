//! Orderly shutdown: earlier requests are completed, later ones are refused.

mod draining;
mod inherited_socket;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::relay::Relay;
use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use socket2::SockRef;

const PATIENCE: Duration = Duration::from_secs(30);

/// Path and body of a login, and text that only a successful response contains.
const LOGINS: [(&str, &str, &str); 4] = [
    (
        "/v2/authorize",
        r#"{"user_id": "admin", "password": "admin-demo"}"#,
        r#""access_token":""#,
    ),
    (
        "/crmapi/rest/v2/authentication/token",
        r#"{"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO"}"#,
        r#""data":{"token":""#,
    ),
    (
        "/api/v1/Authentication/Login?APIKey=demo-api-key",
        r#"{"userName": "admin", "password": "admin-demo"}"#,
        r#""SessionToken":""#,
    ),
    (
        "/web/api/v3/auth/login",
        r#"{"userName": "admin", "password": "admin-demo"}"#,
        r#""token":"30-"#,
    ),
];

/// Logins in each dialect that are in flight at the end. One thread hashes them in turn.
const EACH: usize = 3;

/// Starts a gateway that hashes slowly, and waits until it is ready.
fn slow(store: Store) -> Gateway {
    let gateway = starting(store);
    gateway.wait_until_ready().unwrap();
    probe(gateway.public());
    gateway
}

/// Starts a gateway that hashes less slowly, and has that long to complete requests at its end.
fn slow_for(store: Store, shutdown_timeout: &str) -> Gateway {
    let builder = builder(store).env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", shutdown_timeout);
    let builder = builder.env("ISOGLOSS__PASSWORDS__BCRYPT_COST", "10");
    let gateway = builder.start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Starts a gateway whose listeners are bound while its users' passwords are still hashed.
fn starting(store: Store) -> Gateway {
    builder(store).start().unwrap()
}

fn builder(store: Store) -> Builder {
    Gateway::builder(crate::PROGRAM)
        .store(store)
        .env("ISOGLOSS__PASSWORDS__BCRYPT_COST", "12")
        // The test is not about logins that wait for others on a busy machine.
        .env("ISOGLOSS__PASSWORDS__LOW_PRIORITY", "false")
        .env("ISOGLOSS__PASSWORDS__QUEUE_TIMEOUT", "1m")
        .env("ISOGLOSS__PASSWORDS__ACCOUNT_SHARE", "100")
        .env("ISOGLOSS__PASSWORDS__SOURCE_SHARE", "100")
        .env("ISOGLOSS__PASSWORDS__THREADS", "1")
}

/// Sends requests that cost nothing, enough for each worker to serve some.
fn probe(server: SocketAddr) {
    let workers = thread::available_parallelism().unwrap().get();
    for _ in 0..2 * workers {
        let answer = Request::get("/nowhere").send(server).unwrap();
        assert_eq!(answer.status, 404);
    }
}

fn send(server: SocketAddr, path: &str, body: &str, connection: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let message = format!(
        "POST {path} HTTP/1.1\r\nHost: isogloss\r\nContent-Type: application/json\r\n\
         Connection: {connection}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(message.as_bytes()).unwrap();
    stream
}

fn is_answered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Waits until the gateway accepts no further connection.
pub(crate) fn wait_until_refused(server: SocketAddr) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(server).is_ok() {
        assert!(Instant::now() < deadline, "connections are still accepted");
        thread::sleep(Duration::from_millis(5));
    }
}

fn logins_under_way_are_finished(store: Store) {
    let mut gateway = slow(store);
    let server = gateway.public();
    let mut under_way = Vec::new();
    for (path, body, proof) in [LOGINS; EACH].concat() {
        // Clients with persistent connections must be disconnected, too.
        for connection in ["close", "keep-alive"] {
            let stream = send(server, path, body, connection);
            under_way.push((stream, path, proof));
        }
    }
    gateway.ask_to_stop().unwrap();
    wait_until_refused(server);
    let waiting = under_way.iter().filter(|(stream, ..)| !is_answered(stream));
    assert!(waiting.count() > 0, "refused only when all was done");
    for (mut stream, path, proof) in under_way {
        let mut answer = String::new();
        let end = stream.read_to_string(&mut answer);
        assert!(end.is_ok(), "{path}: {end:?}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer:?}");
        assert!(answer.contains(proof), "{path}: {answer}");
    }
    assert_eq!(gateway.wait().unwrap().code(), Some(0));
}

#[test]
fn logins_under_way_are_finished_with_tokens_in_memory() {
    logins_under_way_are_finished(Store::Memory);
}

#[test]
fn logins_under_way_are_finished_with_the_embedded_store() {
    logins_under_way_are_finished(Store::Embedded);
}

#[test]
fn logins_under_way_are_finished_with_redis() {
    let redis = Redis::start().unwrap();
    logins_under_way_are_finished(Store::Redis(redis.url()));
}

/// Returns how many lines of the audit log contain that text.
fn recorded(gateway: &Gateway, text: &str) -> usize {
    let log = std::fs::read_to_string(gateway.folder().join("data/audit.jsonl")).unwrap();
    log.lines().filter(|line| line.contains(text)).count()
}

/// Sends that many logins in each dialect, and resets all their connections. Returns the number of logins.
fn abandon_logins(server: SocketAddr, each: usize) -> usize {
    let logins = LOGINS.repeat(each);
    let streams = logins.iter().map(|(path, body, _)| {
        let stream = send(server, path, body, "keep-alive");
        let socket = SockRef::from(&stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
        stream
    });
    let streams: Vec<_> = streams.collect();
    // A reset discards unread data. A response on another connection shows that these requests were read before.
    probe(server);
    drop(streams);
    logins.len()
}

#[test]
fn requests_whose_clients_have_gone_are_processed_before_the_end() {
    for store in [Store::Memory, Store::Embedded] {
        let mut gateway = slow_for(store, "30s");
        // Enough for several seconds: a worker checks once per second whether it can end.
        let logins = abandon_logins(gateway.public(), 3 * EACH);
        assert_eq!(gateway.terminate().unwrap().code(), Some(0));
        let issued = r#""event":"issue","outcome":"done""#;
        assert_eq!(recorded(&gateway, issued), logins);
        assert!(!gateway.log().join("\n").contains("gave up"));
    }
}

#[test]
fn what_is_not_finished_in_time_is_given_up_and_logged() {
    let redis = Redis::start().unwrap();
    let relay = Relay::to(redis.port()).unwrap();
    let store = Store::Redis(format!("redis://{}", relay.address()));
    let mut gateway = builder(store)
        .env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", "1s")
        .env("ISOGLOSS__TOKENS__REDIS_TIMEOUT", "1m")
        .env("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    // Redis does not respond any more.
    relay.stall();
    let logins = abandon_logins(gateway.public(), EACH);
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
    let log = gateway.log();
    let line = log.iter().find(|line| line.contains("gave up requests"));
    let line: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["fields"]["requests"], logins, "{line}");
    assert_eq!(recorded(&gateway, r#""event":"issue""#), 0);
}

#[test]
fn a_second_signal_cuts_off_requests_that_are_being_finished() {
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", "10m")
        .env("ISOGLOSS__SERVER__BODY_TIMEOUT", "10m")
        .start()
        .unwrap();
    let server = gateway.public();
    // The rest of the body never comes, so the gateway would wait for it.
    let mut login = TcpStream::connect(server).unwrap();
    let head = "POST /v2/authorize HTTP/1.1\r\nHost: isogloss\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    login.write_all(head.as_bytes()).unwrap();
    probe(server);
    gateway.ask_to_stop().unwrap();
    wait_until_refused(server);
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
    assert!(gateway.logs("running requests are cancelled"));
    assert!(gateway.logs("gave up requests"));
    drop(login);
}

#[test]
fn idle_gateway_ends_at_once_though_clients_keep_connections() {
    let mut gateway = Gateway::builder(crate::PROGRAM)
        // A connection would stay open for longer than this test waits.
        .env("ISOGLOSS__SERVER__KEEP_ALIVE", "10m")
        .env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", "10m")
        .start()
        .unwrap();
    let (path, body, _) = LOGINS[0];
    let mut kept = send(gateway.public(), path, body, "keep-alive");
    assert!(kept.read(&mut [0; 4096]).unwrap() > 0);
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
}

#[test]
fn signal_during_the_start_is_an_orderly_end() {
    let mut gateway = starting(Store::Memory);
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
    let log = gateway.log().join("\n");
    assert!(
        log.contains("stopped before the start was complete"),
        "{log}"
    );
}
