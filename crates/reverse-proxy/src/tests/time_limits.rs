//! Back ends and clients that make no progress.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::stream::{StreamExt as _, iter, pending, repeat};
use tokio::join;

use super::backend::Backend;
use super::calls::{body_of, get, post, post_stream, proxy, worker};
use crate::{SendError, Settings};

const SHORT: Duration = Duration::from_millis(100);

fn impatient(mut settings: Settings) -> Settings {
    settings.response_timeout = SHORT;
    settings.idle_timeout = SHORT;
    settings
}

#[actix_web::test]
async fn a_back_end_that_does_not_respond_times_out() {
    for request in [get("/"), post(&["data"], Some(4)), post(&["data"], None)] {
        let backend = Backend::listen().await;
        let worker = worker(impatient(backend.settings()));
        let server = async {
            let mut peer = backend.accept().await;
            peer.head().await;
            peer.rest().await
        };
        let (reply, _) = join!(worker.send(request), server);
        assert!(matches!(reply, Err(SendError::TimedOut)));
    }
}

#[actix_web::test]
async fn a_head_that_arrives_byte_by_byte_times_out() {
    let backend = Backend::listen().await;
    let worker = worker(impatient(backend.settings()));
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\n").await;
        // Until the proxy closes the connection.
        while tokio::io::AsyncWriteExt::write_all(&mut peer.stream, b"a")
            .await
            .is_ok()
        {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let (reply, ()) = join!(worker.send(get("/")), server);
    assert!(matches!(reply, Err(SendError::TimedOut)));
}

#[actix_web::test]
async fn a_back_end_that_does_not_read_the_request_times_out() {
    let backend = Backend::listen().await;
    let worker = worker(impatient(backend.settings()));
    let chunk = Bytes::from(vec![b'x'; 1024 * 1024]);
    let chunks = repeat(chunk).take(100).map(Ok);
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer
    };
    let request = post_stream(chunks, Some(100 * 1024 * 1024));
    let (reply, _peer) = join!(worker.send(request), server);
    assert!(matches!(reply, Err(SendError::TimedOut)));
}

#[actix_web::test]
async fn a_client_that_does_not_send_its_body_is_to_blame_itself() {
    let backend = Backend::listen().await;
    let mut settings = impatient(backend.settings());
    settings.failures = 1;
    let proxy = proxy(settings);
    let worker = proxy.worker();
    let chunks = iter([Ok(Bytes::from_static(b"start"))]).chain(pending());
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.rest().await
    };
    let (reply, _) = join!(worker.send(post_stream(chunks, Some(100))), server);
    let Err(SendError::Body(PayloadError::Io(error))) = reply else {
        panic!("the back end is blamed");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(proxy.addresses()[0].state, crate::AddressState::Available);
}

#[actix_web::test]
async fn a_response_body_without_progress_breaks_off() {
    let backend = Backend::listen().await;
    let worker = worker(impatient(backend.settings()));
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort")
            .await;
        peer.rest().await
    };
    let client = async { body_of(worker.send(get("/")).await.unwrap()).await };
    let (body, _) = join!(client, server);
    assert_eq!(body, None);
}

#[actix_web::test]
async fn a_client_that_does_not_read_the_response_holds_no_connection_for_long() {
    let backend = Backend::listen().await;
    let proxy = proxy(impatient(backend.settings()));
    let worker = proxy.worker();
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
            .await;
        let chunk = vec![b'x'; 1024 * 1024];
        // Until the proxy closes the connection.
        while tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &chunk)
            .await
            .is_ok()
        {}
    };
    let (reply, ()) = join!(worker.send(get("/")), server);
    let _unread = reply.unwrap();
    assert_eq!(proxy.addresses()[0].in_flight, 0);
}

#[actix_web::test]
async fn a_body_that_makes_progress_may_take_longer_than_any_limit() {
    let backend = Backend::listen().await;
    let worker = worker(impatient(backend.settings()));
    let chunks = iter(0..5).then(|_| async {
        tokio::time::sleep(SHORT / 3).await;
        Ok(Bytes::from_static(b"ab"))
    });
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        assert_eq!(peer.bytes(10).await, b"ababababab");
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
            .await;
        for _ in 0..5 {
            tokio::time::sleep(SHORT / 3).await;
            peer.send("c").await;
        }
    };
    let client = async {
        let reply = worker.send(post_stream(chunks, Some(10))).await.unwrap();
        body_of(reply).await
    };
    let (body, ()) = join!(client, server);
    assert_eq!(body.unwrap(), "ccccc");
}
