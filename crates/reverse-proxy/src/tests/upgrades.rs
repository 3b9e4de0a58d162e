//! Upgrades to the WebSocket protocol.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::web::Bytes;
use futures_util::stream::poll_fn;
use tokio::join;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::backend::{Backend, Peer};
use super::calls::{call, headers, payload, proxy, worker};
use crate::{OutgoingRequest, SendError, Upgrade};

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\
    connection: Upgrade\r\nsec-websocket-accept: abc\r\n\r\n";

type ClientSide = UnboundedSender<Result<Bytes, PayloadError>>;

/// Returns a call that asks for a WebSocket, and what the client sends through it.
fn websocket() -> (OutgoingRequest, ClientSide) {
    let (sender, mut receiver) = unbounded_channel();
    let mut request = call(Method::GET, "/socket");
    request.headers = headers(&[("host", "api.example"), ("sec-websocket-key", "xyz")]);
    request.upgrade = Some(Upgrade::WebSocket);
    request.body.rest = Some(payload(poll_fn(move |cx| receiver.poll_recv(cx))));
    (request, sender)
}

async fn next(body: &mut (impl MessageBody + Unpin)) -> Option<Bytes> {
    let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_next(cx)).await;
    next.map(|chunk| chunk.map_err(Into::into).unwrap())
}

async fn upgraded(backend: &Backend) -> Peer<tokio::net::TcpStream> {
    let mut peer = backend.accept().await;
    let expected = "GET /socket HTTP/1.1\r\nHost: api.example\r\nSec-Websocket-Key: xyz\r\n\
        Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(peer.head().await, expected);
    peer
}

#[actix_web::test]
async fn a_websocket_carries_bytes_both_ways_until_the_back_end_ends_it() {
    let backend = Backend::listen().await;
    let proxy = proxy(backend.settings());
    let worker = proxy.worker();
    let (request, from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        // The first bytes of the new protocol come with the head.
        peer.send(format!("{SWITCH}hello")).await;
        assert_eq!(peer.bytes(4).await, b"ping");
        peer.send("pong").await;
    };
    let client = async {
        let reply = worker.send(request).await.unwrap();
        assert_eq!(reply.response.status(), 101);
        let headers = reply.response.headers();
        assert_eq!(headers.get("sec-websocket-accept").unwrap(), "abc");
        let mut body = reply.response.into_body();
        assert_eq!(next(&mut body).await.unwrap(), "hello");
        assert_eq!(proxy.addresses()[0].in_flight, 1);
        from_client.send(Ok(Bytes::from_static(b"ping"))).unwrap();
        assert_eq!(next(&mut body).await.unwrap(), "pong");
        assert_eq!(next(&mut body).await, None);
    };
    join!(client, server);
    assert_eq!(proxy.addresses()[0].in_flight, 0);
}

#[actix_web::test]
async fn a_client_that_leaves_a_websocket_closes_it_at_the_back_end() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let (request, from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        peer.send(SWITCH).await;
        assert_eq!(peer.rest().await, b"last");
        // Which can still finish what it has to say.
        peer.send("bye").await;
    };
    let client = async {
        let reply = worker.send(request).await.unwrap();
        let mut body = reply.response.into_body();
        from_client.send(Ok(Bytes::from_static(b"last"))).unwrap();
        drop(from_client);
        assert_eq!(next(&mut body).await.unwrap(), "bye");
        assert_eq!(next(&mut body).await, None);
    };
    join!(client, server);
}

#[actix_web::test]
async fn a_websocket_whose_response_is_dropped_is_closed() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let (request, _from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        peer.send(SWITCH).await;
        peer.rest().await
    };
    let client = async { drop(worker.send(request).await.unwrap()) };
    let ((), rest) = join!(client, server);
    assert_eq!(rest, b"");
}

#[actix_web::test]
async fn a_websocket_without_traffic_is_closed_after_its_time() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.websocket_idle_timeout = Duration::from_millis(50);
    let worker = worker(settings);
    let (request, _from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        peer.send(SWITCH).await;
        peer.rest().await
    };
    let client = async {
        let mut body = worker.send(request).await.unwrap().response.into_body();
        next(&mut body).await
    };
    let (end, rest) = join!(client, server);
    assert_eq!((end, rest.as_slice()), (None, &b""[..]));
}

#[actix_web::test]
async fn a_back_end_can_refuse_a_websocket() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let (request, _from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        peer.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
            .await;
    };
    let (reply, ()) = join!(worker.send(request), server);
    let reply = reply.unwrap();
    assert_eq!(reply.response.status(), 403);
    assert_eq!(super::calls::body_of(reply).await.unwrap(), "no");
}

#[actix_web::test]
async fn a_change_to_another_protocol_than_asked_for_is_refused() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let (request, _from_client) = websocket();
    let server = async {
        let mut peer = upgraded(&backend).await;
        peer.send(SWITCH.replace("WebSocket", "h2c")).await;
    };
    let (reply, ()) = join!(worker.send(request), server);
    assert!(matches!(reply, Err(SendError::InvalidResponse)));
}
