//! How many calls are sent at once, and how many wait.

use std::time::Duration;

use tokio::join;

use super::backend::Backend;
use super::calls::{body_of, get, proxy};
use crate::{ReverseProxy, SendError};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Returns a proxy with one connection, of which calls wait for `queue_timeout`.
fn narrow(backend: &Backend, queue: usize, queue_timeout: Duration) -> ReverseProxy {
    let mut settings = backend.settings();
    settings.connections = 1;
    settings.queue = queue;
    settings.queue_timeout = queue_timeout;
    proxy(settings)
}

async fn until_waiting(proxy: &ReverseProxy, count: usize) {
    while proxy.waiting() < count {
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_call_waits_until_the_response_before_it_has_been_sent() {
    let backend = Backend::listen().await;
    let proxy = narrow(&backend, 1, Duration::from_mins(1));
    let (worker, other) = (proxy.worker(), proxy.worker());
    let first = async {
        let reply = worker.send(get("/1")).await.unwrap();
        until_waiting(&proxy, 1).await;
        assert_eq!(proxy.addresses()[0].in_flight, 1);
        body_of(reply).await.unwrap()
    };
    let second = async { body_of(other.send(get("/2")).await.unwrap()).await.unwrap() };
    let server = async {
        let mut peer = backend.accept().await;
        assert!(peer.head().await.starts_with("GET /1"));
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
            .await;
        until_waiting(&proxy, 1).await;
        peer.send("ok").await;
        // Of another worker, which does not know the first connection.
        let mut peer = backend.accept().await;
        assert!(peer.head().await.starts_with("GET /2"));
        peer.send(OK).await;
    };
    let (first, second, ()) = join!(first, second, server);
    assert_eq!((first.as_ref(), second.as_ref()), (&b"ok"[..], &b"ok"[..]));
    assert_eq!((proxy.waiting(), proxy.addresses()[0].in_flight), (0, 0));
}

#[actix_web::test]
async fn calls_beyond_the_queue_are_refused_at_once() {
    let backend = Backend::listen().await;
    let proxy = narrow(&backend, 1, Duration::from_mins(1));
    let worker = proxy.worker();
    let first = async { body_of(worker.send(get("/1")).await.unwrap()).await };
    let second = async { body_of(worker.send(get("/2")).await.unwrap()).await };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        until_waiting(&proxy, 1).await;
        let third = worker.send(get("/3")).await;
        let Err(SendError::Overloaded { retry_after }) = third else {
            panic!("the call was not refused");
        };
        assert_eq!(retry_after, Duration::from_mins(1));
        peer.send(OK).await;
        assert!(peer.head().await.starts_with("GET /2"));
        peer.send(OK).await;
    };
    join!(first, second, server);
}

#[actix_web::test]
async fn a_call_that_waits_too_long_is_refused() {
    let backend = Backend::listen().await;
    let proxy = narrow(&backend, 1, Duration::from_millis(50));
    let worker = proxy.worker();
    let first = async { body_of(worker.send(get("/1")).await.unwrap()).await };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        let second = worker.send(get("/2")).await;
        let Err(SendError::Overloaded { retry_after }) = second else {
            panic!("the call was not refused");
        };
        assert_eq!(retry_after, Duration::from_secs(1));
        peer.send(OK).await;
    };
    join!(first, server);
    assert_eq!(proxy.waiting(), 0);
}
