//! The proxy within a server, as its clients see it.

use std::net::SocketAddr;

use actix_web::dev::{Payload, ServerHandle};
use actix_web::http::header::{CONTENT_LENGTH, UPGRADE};
use actix_web::rt::spawn;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use tokio::net::TcpStream;

use super::backend::{Backend, Peer};
use super::calls::proxy;
use crate::{ClientGone, OutgoingBody, OutgoingRequest, ProxyWorker, Upgrade, remove_from_request};

/// A server that relays all calls to a back end.
struct Server {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Server {
    fn start(backend: &Backend) -> Self {
        let proxy = proxy(backend.settings());
        let app = move || {
            let worker = Data::new(proxy.worker());
            App::new().app_data(worker).default_service(web::to(relay))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        spawn(server);
        Self { address, handle }
    }

    async fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.address).await.unwrap())
    }
}

async fn relay(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let worker = request.app_data::<Data<ProxyWorker>>().unwrap();
    let mut headers = request.headers().clone();
    let length = headers.get(CONTENT_LENGTH);
    let length = length.map(|length| length.to_str().unwrap().parse().unwrap());
    let leave = headers.contains_key(UPGRADE) && request.path() != "/plain";
    let upgrade = leave.then_some(Upgrade::WebSocket);
    let payload: Payload = payload.into_inner();
    remove_from_request(&mut headers);
    let call = OutgoingRequest {
        method: request.method().clone(),
        target: request.uri().to_string(),
        headers,
        body: OutgoingBody {
            start: Bytes::new(),
            rest: Some(payload).filter(|payload| !matches!(payload, Payload::None)),
            length,
        },
        upgrade,
        client_gone: ClientGone::default(),
        client: request.head().into(),
    };
    match worker.send(call).await {
        Ok(reply) => reply.response,
        Err(error) => HttpResponse::BadGateway().body(error.to_string()),
    }
}

/// Returns what a client receives until the connection is closed.
async fn received(request: &str, response: &str) -> String {
    let backend = Backend::listen().await;
    let server = Server::start(&backend);
    let mut client = server.connect().await;
    client.send(request).await;
    let mut peer = backend.accept().await;
    peer.head().await;
    peer.send(response).await;
    drop(peer);
    let received = String::from_utf8(client.rest().await).unwrap();
    server.handle.stop(false).await;
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head
        .lines()
        .filter(|line| !line.starts_with("date:"))
        .collect();
    lines[1..].sort_unstable();
    format!("{}\n\n{body}", lines.join("\n"))
}

#[actix_web::test]
async fn a_response_that_breaks_off_never_looks_whole_to_the_client() {
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ] {
        let (framing, part) = response.split_once("\r\n\r\n").unwrap();
        let framing = framing.lines().next_back().unwrap();
        let backend = Backend::listen().await;
        let server = Server::start(&backend);
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send(response).await;
        let head = client.head().await;
        assert!(head.contains(framing), "{head}");
        assert_eq!(client.bytes(part.len()).await, part.as_bytes());
        drop(peer);
        assert_eq!(client.rest().await, b"", "{response}");
        server.handle.stop(false).await;
    }
}

#[actix_web::test]
async fn bodies_of_unknown_length_end_as_the_client_can_understand() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n";
    for (request, expected) in [
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\nconnection: close\ntransfer-encoding: chunked\n\n5\r\nwhole\r\n0\r\n\r\n",
        ),
        (
            "GET / HTTP/1.0\r\nhost: a\r\n\r\n",
            "HTTP/1.0 200 OK\n\nwhole",
        ),
        (
            "GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n",
            "HTTP/1.0 200 OK\n\nwhole",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
            "HTTP/1.1 200 OK\nconnection: close\n\nwhole",
        ),
    ] {
        assert_eq!(received(request, chunked).await, expected, "{request}");
    }
}

#[actix_web::test]
async fn head_requests_learn_the_length_and_get_no_body() {
    let request = "HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    let expected = "HTTP/1.1 200 OK\nconnection: close\ncontent-length: 9\n\n";
    assert_eq!(received(request, response).await, expected);
}

#[actix_web::test]
async fn a_websocket_without_leave_is_sent_as_a_plain_request_without_a_body() {
    let backend = Backend::listen().await;
    let server = Server::start(&backend);
    let mut client = server.connect().await;
    client
        .send("GET /plain HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .await;
    let mut peer = backend.accept().await;
    assert_eq!(peer.head().await, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(client.bytes(2).await, b"ok");
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_websocket_reaches_the_client() {
    let backend = Backend::listen().await;
    let server = Server::start(&backend);
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .await;
    let mut peer = backend.accept().await;
    peer.head().await;
    peer.send("HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello")
        .await;
    let head = client.head().await;
    assert!(
        head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");
    assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(client.bytes(5).await, b"hello");
    client.send("ping").await;
    assert_eq!(peer.bytes(4).await, b"ping");
    peer.send("pong").await;
    assert_eq!(client.bytes(4).await, b"pong");
    drop(peer);
    assert_eq!(client.rest().await, b"");
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_client_that_resets_its_connection_ends_the_request_at_the_back_end() {
    let backend = Backend::listen().await;
    let server = Server::start(&backend);
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut peer = backend.accept().await;
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        .await;
    client.until("1\r\na\r\n").await;
    drop(client);
    // The server notices at one of the next chunks, and closes the connection to the back end.
    while tokio::io::AsyncWriteExt::write_all(&mut peer.stream, b"1\r\nb\r\n")
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    server.handle.stop(false).await;
}
