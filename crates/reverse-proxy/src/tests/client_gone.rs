//! Clients that close the connection before the end of the response.

use actix_web::body::MessageBody as _;
use tokio::join;

use super::backend::Backend;
use super::calls::{get, proxy};
use crate::SendError;

#[actix_web::test]
async fn a_client_that_is_gone_ends_the_request_at_the_back_end() {
    let backend = Backend::listen().await;
    let proxy = proxy(backend.settings());
    let worker = proxy.worker();
    let request = get("/");
    let client = request.client_gone.clone();
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        client.raise();
        peer.rest().await
    };
    let (reply, rest) = join!(worker.send(request), server);
    assert!(matches!(reply, Err(SendError::Body(_))));
    assert_eq!(rest, b"");
    assert_eq!(proxy.addresses()[0].in_flight, 0);
}

#[actix_web::test]
async fn a_call_that_is_dropped_ends_the_request_at_the_back_end() {
    let backend = Backend::listen().await;
    let proxy = proxy(backend.settings());
    let worker = proxy.worker();
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer
    };
    let mut peer = tokio::select! {
        _ = worker.send(get("/")) => panic!("there is no response"),
        peer = server => peer,
    };
    assert_eq!(peer.rest().await, b"");
    assert_eq!(proxy.addresses()[0].in_flight, 0);
}

#[actix_web::test]
async fn a_response_that_is_dropped_ends_the_request_at_the_back_end() {
    let backend = Backend::listen().await;
    let proxy = proxy(backend.settings());
    let worker = proxy.worker();
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort")
            .await;
        peer.rest().await
    };
    let client = async {
        let reply = worker.send(get("/")).await.unwrap();
        let mut body = Box::pin(reply.response.into_body());
        let first = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await;
        assert_eq!(first.unwrap().unwrap(), "short");
        drop(body);
        assert_eq!(proxy.addresses()[0].in_flight, 0);
    };
    let ((), rest) = join!(client, server);
    assert_eq!(rest, b"");
}
