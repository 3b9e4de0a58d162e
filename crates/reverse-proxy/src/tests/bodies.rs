//! Bodies in both directions: whole, bounded in memory, and honest about their end.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::body::MessageBody as _;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{iter, repeat};
use tokio::io::AsyncReadExt as _;
use tokio::join;

use super::backend::Backend;
use super::calls::{body_of, get, post, post_stream, worker};
use crate::SendError;

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 1600;
/// More than the system buffers of a connection and the proxy's own can hold.
const BOUND: usize = 16 * 1024 * 1024;

#[actix_web::test]
async fn one_hundred_megabytes_up_wait_for_the_back_end() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let read_from_client = Rc::new(Cell::new(0));
    let counter = Rc::clone(&read_from_client);
    let chunks = repeat(Bytes::from(vec![b'x'; CHUNK]))
        .take(CHUNKS)
        .map(move |chunk| {
            counter.set(counter.get() + chunk.len());
            Ok(chunk)
        });
    let length = (CHUNK * CHUNKS) as u64;
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        let (mut received, mut most) = (peer.buffered(), 0);
        let mut buffer = vec![0; 256 * 1024];
        while received < CHUNK * CHUNKS {
            // The proxy gets every chance to read ahead.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            most = most.max(read_from_client.get() - received);
            received += peer.stream.read(&mut buffer).await.unwrap();
        }
        peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        most
    };
    let (reply, most) = join!(worker.send(post_stream(chunks, Some(length))), server);
    assert_eq!(reply.unwrap().response.status(), 204);
    assert!(most < BOUND, "{most} bytes between client and back end");
}

#[actix_web::test]
async fn one_hundred_megabytes_down_wait_for_the_client() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let sent = Rc::new(Cell::new(0));
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        let length = CHUNK * CHUNKS;
        peer.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
        let chunk = vec![b'x'; CHUNK];
        for _ in 0..CHUNKS {
            peer.send(&chunk).await;
            sent.set(sent.get() + CHUNK);
        }
    };
    let client = async {
        let reply = worker.send(get("/")).await.unwrap();
        let mut body = Box::pin(reply.response.into_body());
        let (mut received, mut most) = (0, 0);
        loop {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            let next = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await;
            let Some(chunk) = next else {
                return (received, most);
            };
            most = most.max(sent.get().saturating_sub(received));
            received += chunk.unwrap().len();
        }
    };
    let ((received, most), ()) = join!(client, server);
    assert_eq!(received, CHUNK * CHUNKS);
    assert!(most < BOUND, "{most} bytes between back end and client");
}

#[actix_web::test]
async fn a_response_that_is_shorter_than_announced_breaks_off() {
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshortlonger\r\n0\r\n\r\n",
    ] {
        let backend = Backend::listen().await;
        let worker = worker(backend.settings());
        let server = async {
            let mut peer = backend.accept().await;
            peer.head().await;
            peer.send(response).await;
        };
        let client = async { body_of(worker.send(get("/")).await.unwrap()).await };
        let (body, ()) = join!(client, server);
        assert_eq!(body, None, "{response}");
        assert_eq!(worker.idle_connections(), 0, "{response}");
    }
}

#[actix_web::test]
async fn a_response_without_a_length_ends_with_the_connection() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.0 200 OK\r\n\r\nall of it").await;
    };
    let client = async { body_of(worker.send(get("/")).await.unwrap()).await };
    let (body, ()) = join!(client, server);
    assert_eq!(body.unwrap(), "all of it");
}

#[actix_web::test]
async fn a_request_whose_body_breaks_off_is_not_completed() {
    for length in [Some(9), None] {
        let backend = Backend::listen().await;
        let worker = worker(backend.settings());
        let chunks = iter([
            Ok(Bytes::from_static(b"short")),
            Err(PayloadError::Incomplete(None)),
        ]);
        let server = async {
            let mut peer = backend.accept().await;
            String::from_utf8(peer.rest().await).unwrap()
        };
        let (reply, rest) = join!(worker.send(post_stream(chunks, length)), server);
        assert!(matches!(
            reply,
            Err(SendError::Body(PayloadError::Incomplete(None)))
        ));
        assert!(!rest.ends_with("0\r\n\r\n"), "a proper end: {rest}");
    }
}

#[actix_web::test]
async fn a_request_body_of_another_length_than_announced_is_an_error() {
    for (chunks, length) in [(&["short"][..], 9), (&["long", "er"][..], 5)] {
        let backend = Backend::listen().await;
        let worker = worker(backend.settings());
        let server = async {
            let mut peer = backend.accept().await;
            String::from_utf8(peer.rest().await).unwrap()
        };
        let (reply, received) = join!(worker.send(post(chunks, Some(length))), server);
        assert!(matches!(reply, Err(SendError::Body(_))));
        let body = received.rsplit("\r\n\r\n").next().unwrap_or_default();
        assert!((body.len() as u64) < length, "{received}");
    }
}
