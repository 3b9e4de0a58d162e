//! Responses that cannot be passed on, and what is passed on of the others.

use actix_web::body::{BodySize, MessageBody as _};
use actix_web::http::Method;
use tokio::join;

use super::backend::Backend;
use super::calls::{body_of, call, get, worker};
use crate::{Reply, SendError};

/// Sends a call to a back end that gives this response and closes the connection.
async fn answered(method: Method, response: &[u8]) -> Result<Reply, SendError> {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send(response).await;
    };
    let (reply, ()) = join!(worker.send(call(method, "/")), server);
    reply
}

#[actix_web::test]
async fn responses_that_are_no_http_are_refused() {
    for response in [
        "garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nspace : before\r\n\r\n",
        "HTTP/1.1 200 OK\r\nfolded: a\r\n b\r\n\r\n",
    ] {
        let reply = answered(Method::GET, response.as_bytes()).await;
        assert!(
            matches!(reply, Err(SendError::InvalidResponse)),
            "{response}"
        );
    }
}

#[actix_web::test]
async fn ambiguous_lengths_are_refused() {
    for headers in [
        "content-length: 2\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 2",
        "content-length: 2\r\ncontent-length: 3",
        "content-length: 2, 3",
        "content-length: -1",
        "content-length: +2",
        "content-length: 99999999999999999999",
        "transfer-encoding: gzip",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: identity",
    ] {
        for method in [Method::GET, Method::HEAD] {
            let response = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n");
            if method == Method::HEAD && headers.ends_with("999") {
                continue;
            }
            let reply = answered(method, response.as_bytes()).await;
            assert!(
                matches!(reply, Err(SendError::InvalidResponse)),
                "{headers}"
            );
        }
    }
}

#[actix_web::test]
async fn a_connection_that_breaks_before_a_response_is_unreachable() {
    for response in ["", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"] {
        let reply = answered(Method::GET, response.as_bytes()).await;
        assert!(matches!(reply, Err(SendError::Unreachable)), "{response}");
    }
}

#[actix_web::test]
async fn endless_headers_are_refused() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    let server = async {
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\n").await;
        let line = format!("x: {}\r\n", "a".repeat(1000));
        let mut lines = 0;
        // Until the proxy closes the connection.
        loop {
            let sent = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, line.as_bytes());
            if sent.await.is_err() {
                return lines;
            }
            lines += 1;
        }
    };
    let (reply, _) = join!(worker.send(get("/")), server);
    assert!(matches!(reply, Err(SendError::InvalidResponse)));
}

#[actix_web::test]
async fn a_change_of_protocol_without_a_request_for_it_is_refused() {
    let response = b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    let reply = answered(Method::GET, response).await;
    assert!(matches!(reply, Err(SendError::InvalidResponse)));
}

#[actix_web::test]
async fn interim_responses_are_skipped() {
    let response =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: a\r\n\r\nHTTP/1.1 201 Made\r\ncontent-length: 0\r\n\r\n";
    let reply = answered(Method::GET, response).await.unwrap();
    assert_eq!(reply.response.status(), 201);
    assert!(!reply.response.headers().contains_key("link"));
}

#[actix_web::test]
async fn responses_are_passed_on_without_hop_by_hop_headers_and_trailers() {
    let response = b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-own: 3\r\n\
        connection: x-own\r\nkeep-alive: timeout=5\r\ntransfer-encoding: chunked\r\n\
        trailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n";
    let reply = answered(Method::GET, response).await.unwrap();
    let headers = reply.response.headers();
    let cookies: Vec<_> = headers.get_all("set-cookie").collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(headers.len(), 2, "{headers:?}");
    assert_eq!(reply.response.body().size(), BodySize::Stream);
    assert_eq!(body_of(reply).await.unwrap(), "ok");
}

#[actix_web::test]
async fn responses_without_a_body_say_what_the_back_end_says_of_it() {
    for (method, status, length, size, header) in [
        (
            Method::HEAD,
            200,
            "content-length: 9",
            BodySize::Sized(9),
            None,
        ),
        (Method::HEAD, 200, "x: y", BodySize::None, None),
        (
            Method::HEAD,
            200,
            "transfer-encoding: chunked",
            BodySize::None,
            None,
        ),
        (Method::GET, 204, "content-length: 9", BodySize::None, None),
        (
            Method::GET,
            304,
            "content-length: 9",
            BodySize::None,
            Some("9"),
        ),
        (
            Method::GET,
            200,
            "content-length: 0",
            BodySize::Sized(0),
            None,
        ),
    ] {
        let response = format!("HTTP/1.1 {status} Status\r\n{length}\r\n\r\n");
        let reply = answered(method, response.as_bytes()).await.unwrap();
        let headers = reply.response.headers();
        let announced = headers.get("content-length");
        let announced = announced.map(|value| value.to_str().unwrap());
        assert_eq!(announced, header, "{status} {length}");
        assert_eq!(reply.response.body().size(), size, "{status} {length}");
        assert_eq!(body_of(reply).await.unwrap(), "");
    }
}
