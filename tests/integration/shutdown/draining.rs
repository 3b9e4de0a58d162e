//! What clients see while a gateway completes its requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request, Response, parse_complete_response};

use super::PATIENCE;

/// Sends a request on a persistent connection, and returns its response.
fn ask(stream: &mut TcpStream, path: &str) -> Response {
    let message = format!("GET {path} HTTP/1.1\r\nHost: isogloss\r\n\r\n");
    stream.write_all(message.as_bytes()).unwrap();
    let mut received = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the connection ended without a response");
        received.extend_from_slice(&buffer[..count]);
        if let Some(response) = parse_complete_response(&received) {
            return response;
        }
    }
}

#[test]
fn responses_in_the_drain_say_that_the_connection_closes_and_it_does() {
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__SERVER__DRAIN_DELAY", "10m")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    // A success, an error, and routes that do not exist.
    let (public, management) = (gateway.public(), gateway.management());
    let asked = [
        (public, "/web/api/v3/auth/whoAmI"),
        (public, "/v2/authorize"),
        (public, "/nowhere"),
        (management, "/healthz"),
        (management, "/readyz"),
        (management, "/forward-auth/bimplus"),
        (management, "/nowhere"),
    ];
    let mut kept: Vec<_> = asked
        .iter()
        .map(|(server, path)| {
            let mut stream = TcpStream::connect(server).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let response = ask(&mut stream, path);
            assert_eq!(response.header("Connection"), None, "{path}");
            stream
        })
        .collect();
    gateway.ask_to_stop().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while Request::get("/readyz").send(management).unwrap().status == 200 {
        assert!(Instant::now() < deadline, "the drain does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    for (stream, (_, path)) in kept.iter_mut().zip(asked) {
        let response = ask(stream, path);
        assert_eq!(response.header("Connection"), Some("close"), "{path}");
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{path}");
    }
    // A second signal ends the drain.
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
}
