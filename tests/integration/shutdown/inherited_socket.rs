//! Restarts behind a socket that the service manager has bound.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use isogloss_testkit::{Gateway, Request};

use super::PATIENCE;

fn status(server: SocketAddr) -> u16 {
    let answer = Request::get("/v2/nowhere").send(server);
    answer.unwrap().status
}

#[test]
fn nobody_is_refused_while_gateways_on_one_socket_replace_one_another() {
    const RESTARTS: usize = 10;
    const CLIENTS: usize = 4;

    let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let server = socket.local_addr().unwrap();
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .public_socket(Arc::new(socket))
        // Even so, connections that were accepted are read from.
        .env("ISOGLOSS__SERVER__DRAIN_DELAY", "0s")
        .start()
        .unwrap();
    let is_over = AtomicBool::new(false);
    let deadline = Instant::now() + PATIENCE;
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) && Instant::now() < deadline {
                    assert_eq!(status(server), 404);
                }
            });
        }
        for _ in 0..RESTARTS {
            assert_eq!(gateway.terminate().unwrap().code(), Some(0));
            // It waits in the socket while no gateway runs.
            let early = scope.spawn(|| status(server));
            gateway.start_again().unwrap();
            assert_eq!(gateway.public(), server);
            assert_eq!(early.join().unwrap(), 404);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
