//! Which connections are used again, and which requests are sent again.

use std::time::Duration;

use actix_web::http::Method;
use tokio::join;

use super::backend::{Backend, PATIENCE};
use super::calls::{body_of, call, get, post, worker};
use crate::SendError;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[actix_web::test]
async fn calls_one_after_the_other_share_a_connection() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let client = async {
        for target in ["/1", "/2", "/3"] {
            let reply = worker.send(get(target)).await.unwrap();
            assert_eq!(body_of(reply).await.unwrap(), "ok");
        }
    };
    let server = async {
        let mut peer = backend.accept().await;
        for target in ["/1", "/2", "/3"] {
            assert!(peer.head().await.contains(target));
            peer.send(OK).await;
        }
        peer
    };
    let ((), _peer) = join!(client, server);
    assert_eq!(worker.idle_connections(), 1);
}

#[actix_web::test]
async fn a_stale_connection_is_replaced_without_a_second_request() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let first = async {
        body_of(worker.send(get("/1")).await.unwrap()).await;
    };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send(OK).await;
        peer
    };
    let ((), peer) = join!(first, server);
    // Nothing of it has been noticed when the next call is sent.
    drop(peer);
    let second = async {
        let reply = worker.send(post(&["data"], Some(4))).await.unwrap();
        assert_eq!(body_of(reply).await.unwrap(), "ok");
    };
    let server = async {
        let mut peer = backend.accept().await;
        assert!(peer.head().await.starts_with("POST /upload"));
        assert_eq!(peer.bytes(4).await, b"data");
        peer.send(OK).await;
    };
    join!(second, server);
}

#[actix_web::test]
async fn a_request_that_may_have_arrived_is_not_repeated() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let client = async {
        body_of(worker.send(get("/1")).await.unwrap()).await;
        let lost = worker.send(get("/2")).await;
        assert!(matches!(lost, Err(SendError::Unreachable)));
        body_of(worker.send(get("/3")).await.unwrap()).await;
    };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send(OK).await;
        assert!(peer.head().await.starts_with("GET /2"));
        drop(peer);
        let mut peer = backend.accept().await;
        assert!(peer.head().await.starts_with("GET /3"), "sent again");
        peer.send(OK).await;
    };
    join!(client, server);
}

#[actix_web::test]
async fn connections_that_cannot_be_used_again_are_closed() {
    for response in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        // An answer to a request that was never made follows.
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
        // A request of unknown length could not follow.
        "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
    ] {
        let backend = Backend::listen().await;
        let worker = worker(backend.settings());
        let client = async {
            let reply = worker.send(get("/")).await.unwrap();
            assert_eq!(body_of(reply).await.unwrap(), "ok", "{response}");
        };
        let server = async {
            let mut peer = backend.accept().await;
            peer.head().await;
            peer.send(response).await;
            peer.rest().await
        };
        let ((), rest) = join!(client, server);
        assert_eq!(rest, b"", "{response}");
        assert_eq!(worker.idle_connections(), 0, "{response}");
    }
}

#[actix_web::test]
async fn a_response_before_the_end_of_the_request_closes_the_connection() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let client = async {
        let chunks = futures_util::stream::pending();
        let request = super::calls::post_stream(chunks, Some(1000));
        let reply = worker.send(request).await.unwrap();
        assert_eq!(reply.response.status(), 413);
        body_of(reply).await.unwrap()
    };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge")
            .await;
        peer.rest().await
    };
    let (body, rest) = join!(client, server);
    assert_eq!((body.as_ref(), rest.as_slice()), (&b"large"[..], &b""[..]));
}

#[actix_web::test]
async fn idle_connections_are_closed_after_their_time() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.keep_alive = Duration::from_millis(50);
    let worker = worker(settings);
    let client = async {
        let reply = worker.send(call(Method::HEAD, "/")).await.unwrap();
        body_of(reply).await.unwrap()
    };
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
            .await;
        tokio::time::timeout(PATIENCE, peer.rest()).await.unwrap()
    };
    let (body, rest) = join!(client, server);
    assert_eq!((body.as_ref(), rest.as_slice()), (&b""[..], &b""[..]));
}
